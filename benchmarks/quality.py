"""Quality check of a 10-minute 720p answer, all findings, against decoding it once with ``ffmpeg -threads 1 -f null``.

Both on one core. Ours is CPU time of a process that has its face detector loaded, as a worker has, with its ffmpegs;
so is the floor. Memory is the highest resident size of that process and its children, for 2 and for 10 minutes.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.accuracy.clips import AAC, H264, OPUS, VP8, ffmpeg, generated
from benchmarks.assembly import _resident
from benchmarks.table import alternate, heading, row
from greenroom_media.binary import find

RUNS = 3
MINUTES = 10
AIM = 0.35
LIMIT_MB = 500
_SAMPLE_S = 0.02
_SPAWN = multiprocessing.get_context("spawn")
_KINDS = {
    "VP8": (".webm", VP8, OPUS),
    "H264": (".mp4", (*H264, "-b:v", "1800k", "-g", "60"), AAC),
}


def run() -> dict[str, float]:
    figures: dict[str, float] = {}
    ratios, peaks = [], {}
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        heading()
        for kind in _KINDS:
            long = _answer(folder, kind, MINUTES)
            with _worker() as worker:
                found = alternate(
                    RUNS, ours=partial(worker.check, long), floor=partial(_decoded, long)
                )
            what = f"{MINUTES} minutes of {kind} : full decode"
            ratios.append(row(what, found["ours"], found["floor"], "s", AIM))
            figures[f"quality_vs_full_decode_{kind.lower()}"] = ratios[-1]
            for minutes in (2, MINUTES):
                peaks[minutes] = max(
                    peaks.get(minutes, 0.0), _peak_mb(_answer(folder, kind, minutes))
                )
    row(f"peak memory, {MINUTES} min : 2 min", peaks[MINUTES], peaks[2], "MB", 1.2)
    verdict = "met" if max(peaks.values()) < LIMIT_MB else "MISSED"
    print(f"{'peak memory':<34} {max(peaks.values()):>10.1f} MB, aim < {LIMIT_MB} MB {verdict}")
    return figures | {
        "quality_vs_full_decode": max(ratios),
        "quality_peak_mb": max(peaks.values()),
        "quality_peak_mb_2min": peaks[2],
    }


def _answer(folder: Path, kind: str, minutes: int) -> Path:
    """A person before a wall that is nowhere quite still, 720p at 30 fps, a key frame every two seconds."""
    suffix, video, audio = _KINDS[kind]
    path = folder / f"{kind}-{minutes}{suffix}"
    if path.exists():
        return path
    clip = folder / f"{kind}{suffix}"
    if not clip.exists():
        grain = "fps=30,scale=1280:720,noise=alls=7:allf=t"
        ffmpeg("-i", generated(folder).path, "-vf", grain, *video, *audio, clip)
    again = ("-stream_loop", str(minutes * 4), "-i", clip, "-c", "copy", "-t", str(minutes * 60))
    ffmpeg(*again, path)
    return path


def _decoded(path: Path) -> float:
    before = _cpu_s()
    command = [find().path, "-v", "fatal", "-nostdin", "-threads", "1", "-i", str(path)]
    subprocess.run([*command, "-f", "null", "-"], check=True)
    return _cpu_s() - before


def _cpu_s() -> float:
    """Seconds of CPU of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class _Worker:
    """A process that checks when told."""

    def __init__(self, pid: int, commands: Connection) -> None:
        self.pid = pid
        self._commands = commands

    def check(self, path: Path) -> float:
        """Seconds of CPU that it took."""
        self._commands.send(str(path))
        seconds: float = self._commands.recv()
        return seconds


@contextmanager
def _worker() -> Iterator[_Worker]:
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    here.recv()
    assert process.pid is not None
    try:
        yield _Worker(process.pid, here)
    finally:
        here.send("")
        process.join()


def _serve(commands: Connection) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from functions.quality_check.checks import CHECKS
    from functions.quality_check.faces import face_counter
    from functions.quality_check.measured import measure
    from greenroom.domain.assembly import AssembledTrack
    from greenroom.domain.template import QualityTiers, Question
    from greenroom_media.run import Limits

    counter = face_counter()
    commands.send(0.0)
    question = Question(id="q", text={"en": "Why?"})
    while path := commands.recv():
        before = _cpu_s()
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        track = AssembledTrack(
            track="camera", status="complete", recording="recordings/x", sha256=digest
        )
        measured = measure(track, Path(path), question, QualityTiers(), Limits(), counter)
        for check in CHECKS["camera"]:
            check(measured)
        commands.send(_cpu_s() - before)


def _peak_mb(path: Path) -> float:
    """Highest resident memory of a fresh worker and its children, in MB (10^6 bytes)."""
    peak, done = 0, threading.Event()
    with _worker() as worker:

        def watch() -> None:
            nonlocal peak
            while not done.wait(_SAMPLE_S):
                peak = max(peak, _resident(worker.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        worker.check(path)
        done.set()
        watcher.join()
    return peak / 1e6
