"""chunk_assembly killed with SIGKILL at random points: the next try ends with the same bytes."""

import hashlib
import multiprocessing
import random
import time
from pathlib import Path

import pytest

from greenroom.adapters.database import Database
from greenroom.domain.assembly import Assembly
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from tests.attempt_fixtures import cut, upload
from tests.faults.assembly_worker import work
from tests.media_fixtures import MediaWorkshop
from tests.pocket import Pocket, pocket_store
from tests.seeded import environment, invite

ROUNDS, KILLS = 10, 3
"""Attempts, and workers killed at each before one may finish."""

_FORKS = multiprocessing.get_context("forkserver")
# Imported once, so that a killed worker's successor starts in milliseconds.
_FORKS.set_forkserver_preload(
    ["functions.chunk_assembly.assemble", "greenroom.host.worker", "greenroom.adapters.database"]
)


class Platform:
    """A store, a database, and workers that can be killed."""

    def __init__(self, pocket: Pocket, folder: Path) -> None:
        url = f"sqlite:///{folder}/greenroom.sqlite"
        self.store, self.database = pocket.store, Database(url)
        self.database.migrate()
        self.work_folder = folder / "work"
        self.settings = (
            environment(url)
            | pocket.environment
            | {"GREENROOM_ASSEMBLY__FOLDER": str(self.work_folder)}
        )
        (self.interview,) = invite(self.database)
        with self.database.begin() as tx:
            tx.interviews.move(self.interview, InterviewState.OPENED)
            tx.interviews.move(self.interview, InterviewState.IN_PROGRESS)

    def sealed(self, pieces: list[list[bytes]]) -> AttemptRef:
        """One more attempt with the same two tracks."""
        with self.database.begin() as tx:
            row = tx.interviews.start_attempt(self.interview, "sheet")
        ref = AttemptRef(self.interview, "sheet", row.attempt)
        tracks = [
            upload(self.store, pieces, track="camera", ref=ref),
            upload(self.store, pieces[:1], track="screen", ref=ref),
        ]
        body = Manifest(tracks=tracks).canonical()
        self.store.put(ref.manifest, body)
        with self.database.begin() as tx:
            tx.interviews.seal_attempt(ref, hashlib.sha256(body).hexdigest())
        return ref

    def run(self, ref: AttemptRef, *, kill_after_s: float | None = None) -> float:
        """Seconds that a worker ran; it must succeed unless it was killed."""
        worker = _FORKS.Process(target=work, args=(self.settings, ref.manifest))
        started = time.monotonic()
        worker.start()
        worker.join(60 if kill_after_s is None else kill_after_s)
        worker.kill()
        worker.join()
        if kill_after_s is None:
            assert worker.exitcode == 0
        return time.monotonic() - started

    def run_until_stored(self, ref: AttemptRef) -> None:
        """Kill a worker as soon as it has written anything."""
        worker = _FORKS.Process(target=work, args=(self.settings, ref.manifest))
        worker.start()
        while not self.objects(ref) and worker.is_alive():
            time.sleep(0.005)
        worker.kill()
        worker.join()

    def result(self, ref: AttemptRef) -> tuple[Assembly, list[bytes]]:
        """What the attempt became, without what names the attempt."""
        assembly = Assembly.parse(self.store.get(ref.assembly))
        recordings = [self.store.get(track.recording or "") for track in assembly.tracks]
        tracks = [track.model_copy(update={"recording": None}) for track in assembly.tracks]
        return assembly.model_copy(update={"attempt": 1, "tracks": tracks}), recordings

    def objects(self, ref: AttemptRef) -> set[str]:
        prefix = ref.assembly.removesuffix("assembly.json")
        return {found.key.removeprefix(prefix) for found in self.store.listing(prefix)}

    def state(self) -> AnswerState:
        with self.database.begin() as tx:
            return tx.interviews.answer(self.interview, "sheet").state

    def logged(self) -> list[int]:
        """Attempts in the log as assembled."""
        with self.database.begin() as tx:
            return [
                row.event.data.details["attempt"]
                for row in tx.process_log.list(self.interview)
                if row.type == "answer.assembled"
            ]


@pytest.mark.slow
def test_a_killed_assembly_ends_with_the_same_bytes(tmp_path: Path) -> None:
    workshop = MediaWorkshop(tmp_path)
    pieces = [cut(workshop.webm(3).read_bytes(), 6), cut(workshop.webm(2).read_bytes(), 4)]
    chance = random.Random(20260601)
    with pocket_store(tmp_path / "store") as pocket:
        platform = Platform(pocket, tmp_path)
        undisturbed = platform.sealed(pieces)
        platform.run(undisturbed)
        expected, names = platform.result(undisturbed), platform.objects(undisturbed)
        whole_s = min(platform.run(platform.sealed(pieces)) for _ in range(2))

        left: set[str] = set()
        for number in range(ROUNDS):
            ref = platform.sealed(pieces)
            if number % 2:
                # Between its first recording and the end: a moment that chance may miss on a busy machine.
                platform.run_until_stored(ref)
                left.add(",".join(sorted(platform.objects(ref))))
            for _ in range(KILLS):
                platform.run(ref, kill_after_s=chance.uniform(0, 1.5 * whole_s))
                left.add(",".join(sorted(platform.objects(ref))) or "nothing")
            platform.run(ref)
            assert platform.result(ref) == expected
            assert platform.objects(ref) == names
            assert platform.state() == AnswerState.ASSEMBLED
        assert len(left) > 1, "the kills met different stages"
        platform.run(ref)  # told once more
        assert platform.result(ref) == expected
        # A worker killed after its last write leaves a folder that only the next joining finds.
        platform.run(platform.sealed(pieces))
        assert platform.logged() == list(range(1, ROUNDS + 5)), "each once"
        assert list(platform.work_folder.iterdir()) == [], "what killed workers left is swept"
