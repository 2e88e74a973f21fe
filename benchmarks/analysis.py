"""Speech and vision analysis of two minutes of 720p: seconds of CPU on one core for each second of answer.

In a process that has its models loaded, as a worker has, with its ffmpegs. Each module's share is printed too.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from benchmarks.quality import _KINDS, _answer, _cpu_s
from benchmarks.table import alternate

RUNS = 3
MINUTES = 2
MODULES = ("speech", "vision")
AIM = 0.15
_SPAWN = multiprocessing.get_context("spawn")


def run() -> dict[str, float]:
    factors = {}
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        here, there = _SPAWN.Pipe()
        worker = _SPAWN.Process(target=_serve, args=(there,), daemon=True)
        worker.start()
        here.recv()
        for kind in _KINDS:
            path = _answer(Path(name), kind, MINUTES)
            asked = {module: partial(_seconds, here, module, path) for module in MODULES}
            found = alternate(RUNS, **asked)
            factors[kind] = sum(found.values()) / (MINUTES * 60)
            shares = ", ".join(f"{module} {cpu_s:.2f} s" for module, cpu_s in found.items())
            print(f"{MINUTES} minutes of {kind:<6} {shares:<32} factor {factors[kind]:.3f}")
        here.send(("", ""))
        worker.join()
    factor = median(factors.values())
    print(f"{'median':<54} {factor:.3f}  aim ≤ {AIM} {'met' if factor <= AIM else 'MISSED'}")
    each = {f"analysis_realtime_factor_{kind.lower()}": value for kind, value in factors.items()}
    return each | {"analysis_realtime_factor": factor}


def _seconds(worker: Connection, module: str, path: Path) -> float:
    worker.send((module, str(path)))
    seconds: float = worker.recv()
    return seconds


def _serve(commands: Connection) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from greenroom.domain.analysis import AnalysisModule
    from greenroom_speech.module import SpeechModule
    from greenroom_vision.module import VisionModule

    modules: dict[str, AnalysisModule] = {"speech": SpeechModule(), "vision": VisionModule()}
    for module in modules.values():
        module.self_test()
    commands.send(0.0)
    while (asked := commands.recv()) != ("", ""):
        before = _cpu_s()
        modules[asked[0]].observe({"camera": Path(asked[1])})
        commands.send(_cpu_s() - before)
