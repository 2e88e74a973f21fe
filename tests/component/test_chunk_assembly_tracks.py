"""A track's parts become one recording: what can be verified is saved, what is lost is named, nothing loops."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.chunk_assembly.track import assemble_track
from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.errors import Unavailable
from greenroom.domain.manifest import TrackManifest
from greenroom_media.errors import MediaFailed
from greenroom_media.probe import probe
from tests.attempt_fixtures import PART_MS, REF, MemoryStore, cut, upload
from tests.media_fixtures import FRAGMENTED, MediaWorkshop, claim_size

MISHAPS = ["none", "none", "none", "missing", "altered", "truncated", "longer", "empty", "swapped"]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def assemble(track: TrackManifest, store: MemoryStore, folder: Path) -> AssembledTrack:
    return assemble_track(track, REF, store=store, folder=folder, ahead=4)  # type: ignore[arg-type]


def harm(store: MemoryStore, key: str, mishap: str) -> None:
    body = store.objects[key]
    if mishap == "missing":
        del store.objects[key]
    elif mishap == "altered":
        store.objects[key] = body[:-1] + bytes([body[-1] ^ 1])
    elif mishap == "truncated":
        store.objects[key] = body[: len(body) // 2]
    elif mishap == "longer":
        store.objects[key] = body + b"x"
    elif mishap == "empty":
        store.objects[key] = b""
    elif mishap == "swapped":
        store.objects[key] = b"another part's bytes"


@pytest.mark.parametrize("make", ["webm", "mkv", "fragmented"])
def test_a_whole_recording_is_complete(workshop: MediaWorkshop, tmp_path: Path, make: str) -> None:
    clip = workshop.mp4(3, *FRAGMENTED) if make == "fragmented" else getattr(workshop, make)(3)
    store = MemoryStore()
    track = assemble(upload(store, [cut(clip.read_bytes(), 6)]), store, tmp_path)
    assert (track.status, track.gaps, track.parts, track.segments) == ("complete", [], 6, 1)
    assert track.duration_s == pytest.approx(3, abs=0.1)
    body = store.objects[track.recording]
    assert (track.size, track.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert list(tmp_path.iterdir()) == []


def test_two_segments_are_joined_and_the_pause_between_them_is_named(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    store = MemoryStore()
    first, second = workshop.webm(3), workshop.webm(2)
    pieces = [cut(first.read_bytes(), 6), cut(second.read_bytes(), 4)]
    track = assemble(upload(store, pieces, pause_ms=350), store, tmp_path)
    assert (track.status, track.segments, track.parts) == ("complete", 2, 10)
    assert [(gap.cause, gap.interrupted_ms) for gap in track.gaps] == [("recorder_restart", 350)]
    assert track.lost_ms == 0, "nothing was being recorded"
    assert track.duration_s == pytest.approx(5, abs=0.2)


def test_the_same_parts_give_the_same_bytes(workshop: MediaWorkshop, tmp_path: Path) -> None:
    recordings = []
    for _ in range(2):
        store = MemoryStore()
        pieces = [cut(workshop.webm(3).read_bytes(), 6), cut(workshop.webm(2).read_bytes(), 4)]
        track = assemble(upload(store, pieces), store, tmp_path)
        recordings.append((track, store.objects[track.recording]))
    assert recordings[0] == recordings[1]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mishaps=st.lists(st.sampled_from(MISHAPS), min_size=12, max_size=12), two=st.booleans())
def test_whatever_happens_to_parts_the_rest_is_saved_and_the_loss_named(
    workshop: MediaWorkshop, tmp_path: Path, mishaps: list[str], two: bool
) -> None:
    store = MemoryStore()
    body = workshop.webm(3).read_bytes()
    pieces = [cut(body, 6), cut(body, 6)] if two else [cut(body, 12)]
    manifest = upload(store, pieces)
    names = [(number, index) for number, of in enumerate(pieces) for index in range(len(of))]
    for (number, index), mishap in zip(names, mishaps, strict=True):
        harm(store, REF.part("camera", number, index), mishap)
    track = assemble(manifest, store, tmp_path)

    named = {(gap.segment, number): gap.cause for gap in track.gaps for number in gap.parts}
    for name, mishap in zip(names, mishaps, strict=True):
        expected = {"none": None, "missing": "part_missing"}.get(mishap, "part_altered")
        if named.get(name) != "segment_refused":
            assert named.get(name) == expected
    assert track.lost_ms >= PART_MS * len(named)
    # Bytes without their beginning are no media; a segment that has it is saved.
    headless = [
        not of or mishaps[names.index((number, 0))] != "none" for number, of in enumerate(pieces)
    ]
    for number, lost in enumerate(headless):
        if lost:
            assert all(name in named for name in names if name[0] == number)
        else:
            assert "segment_refused" not in {
                cause for name, cause in named.items() if name[0] == number
            }
    assert (track.status == "refused") == all(headless)
    if track.recording is not None:
        saved = tmp_path / "saved.webm"
        saved.write_bytes(store.objects.pop(track.recording))
        assert probe(saved).duration_s == pytest.approx(track.duration_s, abs=0.05)
        saved.unlink()
        assert track.parts == sum(name not in named for name in names)
    assert assemble(manifest, store, tmp_path) == track


@pytest.mark.parametrize("kind", ["webm", "mkv", "fragmented", "plain", "faststart"])
@pytest.mark.parametrize("lost", [(4,), (4, 5), (3, 7)])
def test_what_follows_a_hole_is_saved(
    workshop: MediaWorkshop, tmp_path: Path, kind: str, lost: tuple[int, ...]
) -> None:
    mp4s = {"fragmented": FRAGMENTED, "plain": (), "faststart": ("-movflags", "+faststart")}
    clip = workshop.mp4(6, *mp4s[kind]) if kind in mp4s else getattr(workshop, kind)(6)
    store = MemoryStore()
    manifest = upload(store, [cut(clip.read_bytes(), 12)])
    for number in lost:
        del store.objects[REF.part("camera", 0, number)]
    track = assemble(manifest, store, tmp_path)
    assert (track.status, track.parts) == ("gaps", 12 - len(lost))
    assert track.duration_s == pytest.approx(6, abs=0.1), "the recording goes on to its end"
    saved = tmp_path / "saved"
    saved.write_bytes(store.objects[track.recording])
    sound = probe(saved).audio
    assert sound is not None
    silent_ms = sum(1000 * (gap.end_s - gap.start_s) for gap in sound.gaps)
    assert silent_ms <= track.lost_ms + 1, "no more is missing than was named"
    assert track.lost_ms <= PART_MS * len(lost) + 2500, "a cluster or fragment more at the most"


HOSTILE = {
    "playlist": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "media_container"),
    "concat script": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "media_container"),
    "text": (b"hello", "media_container"),
    "zero bytes": (bytes(5000), "media_container"),
    "a header and nothing": (bytes.fromhex("1a45dfa3934282847765626d"), "media_container"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused_with_a_code(name: str, tmp_path: Path) -> None:
    body, code = HOSTILE[name]
    store = MemoryStore()
    track = assemble(upload(store, [cut(body, 2)]), store, tmp_path)
    assert track.status == "refused"
    assert track.reason is not None
    assert (
        track.reason.startswith("media_")
        if name == "a header and nothing"
        else track.reason == code
    )
    assert track.lost_ms == 2 * PART_MS
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_20000_by_20000_is_refused(workshop: MediaWorkshop, tmp_path: Path) -> None:
    body = claim_size(workshop.webm(2, size="480x270"), (480, 270), (20_000, 20_000))
    store = MemoryStore()
    track = assemble(upload(store, [cut(body, 4)]), store, tmp_path)
    assert (track.status, track.reason) == ("refused", "media_picture_too_large")


def test_sound_without_a_picture_is_refused(workshop: MediaWorkshop, tmp_path: Path) -> None:
    store = MemoryStore()
    pieces = cut(workshop.voice_only().read_bytes(), 4)
    track = assemble(upload(store, [pieces]), store, tmp_path)
    assert (track.status, track.reason) == ("refused", "media_no_video")


def test_an_unknown_codec_is_refused(workshop: MediaWorkshop, tmp_path: Path) -> None:
    clip = workshop.make(
        ".mkv",
        ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1"),
        ("-c:v", "huffyuv"),
    )
    store = MemoryStore()
    track = assemble(upload(store, [cut(clip.read_bytes(), 4)]), store, tmp_path)
    assert (track.status, track.reason) == ("refused", "media_codec")


def test_one_hostile_segment_does_not_take_the_others_with_it(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    store = MemoryStore()
    pieces = [cut(b"#EXTM3U\nfile:///etc/passwd\n", 2), cut(workshop.webm(2).read_bytes(), 4)]
    track = assemble(upload(store, pieces), store, tmp_path)
    assert (track.status, track.segments, track.parts) == ("gaps", 1, 4)
    assert [(gap.cause, gap.segment, gap.parts) for gap in track.gaps] == [
        ("segment_refused", 0, [0, 1])
    ]
    assert "media_container" in (track.detail or "")


def test_a_recording_cut_off_at_any_byte_is_saved_up_to_there(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    store = MemoryStore()
    body = workshop.webm(3).read_bytes()
    track = assemble(upload(store, [cut(body[: len(body) * 2 // 3], 6)]), store, tmp_path)
    assert track.status == "complete", "all that the manifest names is there"
    assert track.duration_s == pytest.approx(2, abs=0.3)


def test_what_is_named_does_not_depend_on_when_ffmpeg_gave_up(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clip = workshop.make(
        ".mkv",
        ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1"),
        ("-c:v", "huffyuv"),
    )
    store = MemoryStore()
    manifest = upload(store, [cut(clip.read_bytes(), 40)])
    del store.objects[REF.part("camera", 0, 39)]
    found = [assemble(manifest, store, tmp_path) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert [(gap.cause, gap.parts[0]) for gap in found[0].gaps] == [
        ("segment_refused", 0),
        ("part_missing", 39),
    ]


CRASHING = """#!/bin/sh
case "$*" in *-version*) echo "ffmpeg version 7.0"; exit 0 ;; esac
echo run >> {calls}
cat > /dev/null
kill -{signal} $$
"""


@pytest.mark.parametrize(("signal", "calls"), [("SEGV", 2), ("KILL", 1)])
def test_bytes_that_crash_ffmpeg_twice_are_refused_and_a_killed_ffmpeg_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal: str, calls: int
) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(CRASHING.format(calls=tmp_path / "calls", signal=signal))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    store = MemoryStore()
    manifest = upload(store, [[bytes.fromhex("1a45dfa3934282847765626d"), b"more"]])
    folder = tmp_path / "work"
    folder.mkdir()
    if signal == "SEGV":
        track = assemble(manifest, store, folder)
        assert (track.status, track.reason) == ("refused", "media_failed")
    else:
        with pytest.raises(MediaFailed):
            assemble(manifest, store, folder)
    assert (tmp_path / "calls").read_text().count("run") == calls


class BrokenStore(MemoryStore):
    """Fails on the fourth read, as a store that goes away does."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, key: str, *, at_most: int) -> bytes:
        self.reads += 1
        if self.reads >= 4:
            raise Unavailable("gone", code="store_unavailable")
        return super().read(key, at_most=at_most)


@pytest.mark.parametrize("segments", [1, 2])
def test_a_store_that_goes_away_is_no_loss(
    workshop: MediaWorkshop, tmp_path: Path, segments: int
) -> None:
    store = BrokenStore()
    manifest = upload(store, [cut(workshop.webm(2).read_bytes(), 6)] * segments)
    with pytest.raises(Unavailable):
        assemble(manifest, store, tmp_path)
    assert list(tmp_path.iterdir()) == []
