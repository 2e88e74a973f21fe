"""chunk_assembly: a sealed manifest becomes recordings and assembly.json, however often it is told."""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from functions.chunk_assembly.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.assembly import Assembly
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from tests.attempt_fixtures import cut, upload
from tests.function_client import FunctionClient
from tests.media_fixtures import MediaWorkshop
from tests.seeded import SettableClock, invite, set_up


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


class Room:
    """One interview with an attempt at the answer that has both tracks."""

    def __init__(self, database: Database, store: ObjectStore, folder: Path) -> None:
        self.database, self.store, self.folder = database, store, folder
        (interview,) = invite(database)
        with database.begin() as tx:
            tx.interviews.move(interview, InterviewState.OPENED)
            tx.interviews.move(interview, InterviewState.IN_PROGRESS)
            row = tx.interviews.start_attempt(interview, "sheet")
        self.ref = AttemptRef(interview, "sheet", row.attempt)

    def uploaded(self, clip: Path, *, tracks: tuple[str, ...] = ("camera", "screen")) -> Manifest:
        pieces = [cut(clip.read_bytes(), 6)]
        return Manifest(
            tracks=[upload(self.store, pieces, track=track, ref=self.ref) for track in tracks]
        )

    def seal(self, manifest: Manifest) -> None:
        body = manifest.canonical()
        self.store.put(self.ref.manifest, body)
        with self.database.begin() as tx:
            tx.interviews.seal_attempt(self.ref, hashlib.sha256(body).hexdigest())

    def notify(self, *keys: str) -> list[int]:
        return FunctionClient(app).objects(*(keys or (self.ref.manifest,)))

    def assembly(self) -> Assembly:
        return Assembly.parse(self.store.get(self.ref.assembly))

    def results(self) -> dict[str, bytes]:
        return {found.key: self.store.get(found.key) for found in self.store.listing("recordings/")}

    def answer(self) -> AnswerState:
        with self.database.begin() as tx:
            return tx.interviews.answer(self.ref.interview, "sheet").state

    def log(self) -> list[str]:
        with self.database.begin() as tx:
            return [str(row.type) for row in tx.process_log.list(self.ref.interview)]


@pytest.fixture
def clock(
    platform: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SettableClock]:
    monkeypatch.setenv("GREENROOM_ASSEMBLY__FOLDER", str(tmp_path / "work"))
    clock = SettableClock()
    set_up(app, clock)
    yield clock
    set_up(app)


@pytest.fixture
def room(clock: SettableClock, database: Database, store: ObjectStore, tmp_path: Path) -> Room:
    return Room(database, store, tmp_path / "work")


def test_a_sealed_manifest_becomes_a_recording_per_track(
    room: Room, workshop: MediaWorkshop
) -> None:
    room.seal(room.uploaded(workshop.webm(3)))
    assert room.notify() == []
    assembly = room.assembly()
    assert [(track.track, track.status) for track in assembly.tracks] == [
        ("camera", "complete"),
        ("screen", "complete"),
    ]
    assert "ffmpeg" in assembly.tool
    for track in assembly.tracks:
        body = room.store.get(track.recording or "")
        assert (track.size, track.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert room.answer() == AnswerState.ASSEMBLED
    assert list(room.folder.iterdir()) == []


def test_told_again_it_changes_nothing(room: Room, workshop: MediaWorkshop) -> None:
    room.seal(room.uploaded(workshop.webm(2)))
    assert room.notify() == []
    results, log = room.results(), room.log()
    assert room.notify(*[room.ref.manifest] * 3) == []
    assert (room.results(), room.log()) == (results, log)
    for key in results:
        room.store.delete(key)
    assert room.notify() == []
    assert room.results() == results, "made again from the parts: the same bytes"
    assert log.count("answer.assembled") == 1


def test_a_kill_before_the_row_is_moved_is_healed_without_joining_again(
    room: Room, workshop: MediaWorkshop, clock: SettableClock
) -> None:
    manifest = room.uploaded(workshop.webm(2))
    room.seal(manifest)
    assert room.notify() == []
    assembly = room.store.get(room.ref.assembly)
    with room.database.begin() as tx:  # as it was before the move
        tx.interviews.move_answer(room.ref, AnswerState.SEALED)
    for found in list(room.store.listing("uploads/")):
        if not found.key.endswith("manifest.json"):
            room.store.delete(found.key)
    assert room.notify() == []
    assert room.answer() == AnswerState.ASSEMBLED
    assert room.store.get(room.ref.assembly) == assembly


def test_a_manifest_whose_sealing_was_killed_is_sealed_here(
    room: Room, workshop: MediaWorkshop
) -> None:
    room.store.put(room.ref.manifest, room.uploaded(workshop.webm(2)).canonical())
    assert room.notify() == []
    assert room.answer() == AnswerState.ASSEMBLED
    assert room.log() == ["answer.sealed", "answer.assembled"]


def test_the_sweep_takes_up_what_no_notification_told(
    room: Room, workshop: MediaWorkshop, clock: SettableClock
) -> None:
    room.seal(room.uploaded(workshop.webm(2)))
    client = FunctionClient(app)
    client.tick("sweep")
    assert room.answer() == AnswerState.SEALED, "too young: its notification may be on its way"
    clock.advance(timedelta(minutes=6))
    client.tick("sweep")
    assert room.answer() == AnswerState.ASSEMBLED


def test_the_sweep_goes_on_after_an_answer_that_cannot_be_assembled(
    room: Room, workshop: MediaWorkshop, clock: SettableClock
) -> None:
    with room.database.begin() as tx:
        row = tx.interviews.start_attempt(room.ref.interview, "coordination")
        broken = AttemptRef(room.ref.interview, "coordination", row.attempt)
        tx.interviews.seal_attempt(broken, "0" * 64)  # and no manifest
    room.seal(room.uploaded(workshop.webm(2)))
    clock.advance(timedelta(minutes=6))
    FunctionClient(app).tick("sweep")
    assert room.answer() == AnswerState.ASSEMBLED


def test_refused_media_is_an_answer_not_an_error(room: Room, workshop: MediaWorkshop) -> None:
    good = room.uploaded(workshop.webm(2), tracks=("camera",))
    hostile = upload(room.store, [[b"#EXTM3U\nfile:///etc/passwd\n"]], track="screen", ref=room.ref)
    room.seal(Manifest(tracks=[*good.tracks, hostile]))
    assert room.notify() == []
    camera, screen = room.assembly().tracks
    assert camera.status == "complete"
    assert (screen.status, screen.reason, screen.recording) == ("refused", "media_container", None)
    assert room.answer() == AnswerState.ASSEMBLED


def test_a_track_that_the_manifest_leaves_out_is_named(room: Room, workshop: MediaWorkshop) -> None:
    room.seal(room.uploaded(workshop.webm(2), tracks=("camera",)))
    assert room.notify() == []
    screen = room.assembly().track("screen")
    assert screen is not None
    assert (screen.status, screen.reason) == ("refused", "not_in_manifest")


def test_objects_that_nobody_listed_are_ignored(room: Room, workshop: MediaWorkshop) -> None:
    room.seal(room.uploaded(workshop.webm(2)))
    prefix = room.ref.track_prefix("camera")
    for name in ("0000/000006", "0007/000000", "manifest.json", "../../x"):
        room.store.put(prefix + name, b"junk")
    assert room.notify() == []
    assert {track.status for track in room.assembly().tracks} == {"complete"}


@pytest.mark.parametrize(
    "key",
    ["{path}/camera/manifest.json", "uploads/x/manifest.json", "uploads/{other}/manifest.json"],
)
def test_a_key_that_is_no_manifests_is_dropped(room: Room, key: str) -> None:
    path = room.ref.manifest.removesuffix("/manifest.json")
    other = path.removeprefix("uploads/").replace("/1", "/7")
    key = key.format(path=path, other=other)
    room.store.put(key, b"{}")
    assert room.notify(key) == [], "nothing to try again"
    assert room.results() == {}


@pytest.mark.parametrize("body", [b"", b"{}", b"[1", b'{"tracks":[]}', b"\xff" * 100])
def test_a_manifest_that_is_none_is_dropped(room: Room, body: bytes) -> None:
    room.store.put(room.ref.manifest, body)
    assert room.notify() == []
    assert room.results() == {}
    assert room.answer() == AnswerState.RECORDING


def test_another_manifest_than_the_sealed_one_is_dropped(
    room: Room, workshop: MediaWorkshop
) -> None:
    manifest = room.uploaded(workshop.webm(2))
    room.seal(manifest)
    other = Manifest(tracks=manifest.tracks[:1])
    room.store.put(room.ref.manifest, other.canonical())
    assert room.notify() == []
    assert room.results() == {}


def test_a_disk_without_room_is_tried_again(
    room: Room, workshop: MediaWorkshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.seal(room.uploaded(workshop.webm(2)))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    assert room.notify() == [0]
    monkeypatch.undo()
    assert room.answer() == AnswerState.SEALED


def test_an_older_attempt_is_assembled_without_touching_the_newer_one(
    room: Room, workshop: MediaWorkshop
) -> None:
    manifest = room.uploaded(workshop.webm(2))
    room.seal(manifest)
    older = room.ref
    with room.database.begin() as tx:
        row = tx.interviews.start_attempt(older.interview, "sheet")
    room.ref = AttemptRef(older.interview, "sheet", row.attempt)
    room.seal(room.uploaded(workshop.webm(3)))
    assert room.notify(older.manifest) == []
    assert room.answer() == AnswerState.SEALED, "the newer attempt still waits"
    assert room.notify() == []
    assert room.answer() == AnswerState.ASSEMBLED


@pytest.mark.testdata
@pytest.mark.skipif(
    "GREENROOM_TESTDATA" not in os.environ,
    reason="GREENROOM_TESTDATA does not name the folder with real recordings",
)
def test_a_real_answer_is_assembled(room: Room) -> None:
    clip = Path(os.environ["GREENROOM_TESTDATA"]) / "clips" / "answer_zh.webm"
    room.seal(room.uploaded(clip, tracks=("camera",)))
    assert room.notify() == []
    camera = room.assembly().tracks[0]
    assert (camera.status, camera.video_codec, camera.audio_codec) == ("complete", "vp8", "opus")
    assert camera.duration_s == pytest.approx(60, abs=0.1)
