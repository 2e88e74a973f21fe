"""The schedule: puts the wiring table's ticks into the functions' queues.

    python -m greenroom_local.schedule --data FOLDER

A tick is due when its minutes have passed since the last one, which is kept on disk; after a pause, one tick makes
up for all that were missed. No tick is added while an earlier one of the same name still waits.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from greenroom.clock import Clock, now_utc
from greenroom.host.wiring import Wired, read_wiring
from greenroom.runtime.invocation import TICK_SOURCE
from greenroom_local.queue import Queue

CHECK_S = 1.0
STATE = "schedule.json"


class Scheduler:
    """Ticks for all functions of `wiring`, with their last times in `folder`."""

    def __init__(
        self, wiring: Mapping[str, Wired], queue: Queue, folder: Path, *, clock: Clock = now_utc
    ) -> None:
        self._wiring = wiring
        self._queue = queue
        self._file = folder / STATE
        self._clock = clock
        self._last = self._read()

    def tick(self) -> list[str]:
        """Send what is due now; the names as ``function.schedule``."""
        now = self._clock()
        last = dict(self._last)
        sent = []
        for function, wired in self._wiring.items():
            for schedule in wired.schedules:
                name = f"{function}.{schedule.name}"
                before = last.get(name)
                # A last tick in the future: the clock was set back, which must not silence the schedule.
                if before is not None and before <= now < before + timedelta(
                    minutes=schedule.minutes
                ):
                    continue
                last[name] = now
                tick = _tick(schedule.name)
                if not self._queue.contains(function, tick[:-1]):
                    self._queue.send(function, f'{tick[:-1]},"time":"{now.isoformat()}"}}')
                    sent.append(name)
        if last != self._last:
            self._write(last)
            self._last = last
        return sent

    def run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            self.tick()
            stopping.wait(CHECK_S)

    def _read(self) -> dict[str, datetime]:
        if not self._file.exists():
            return {}
        kept = json.loads(self._file.read_text("utf-8"))
        return {name: datetime.fromisoformat(at) for name, at in kept.items()}

    def _write(self, last: Mapping[str, datetime]) -> None:
        """Whole or not at all. A tick sent twice around a power cut does no harm."""
        new = self._file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({name: at.isoformat() for name, at in last.items()}, file)
            file.flush()
            os.fsync(file.fileno())  # without it the rename may outlive the content
        new.replace(self._file)


def _tick(name: str) -> str:
    return json.dumps({"source": TICK_SOURCE, "detail": {"name": name}}, separators=(",", ":"))


def _from_command_line() -> None:
    parser = argparse.ArgumentParser(prog="greenroom_local.schedule", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    Scheduler(read_wiring(), Queue(folder), folder).run(stopping)


if __name__ == "__main__":
    _from_command_line()
