"""Starts the platform's processes, watches them, starts a dead one again, stops them in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
HEALTHY_AFTER_S = 30.0
"""A child that ran this long starts again at once; one that dies sooner waits twice as long each time."""
START_S = 60.0
STOP_S = 12.0
"""How long a group may take to end by itself, in seconds: what is in hand is finished, or tried again later."""


@dataclass(frozen=True)
class Child:
    """One process: `module` with `arguments`; `health` is a URL that answers 2xx once it is ready.

    `died` is called after each death, before the next start.
    """

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    health: str | None = None
    died: Callable[[], None] = field(default=lambda: None)


class DidNotStart(RuntimeError):
    """A child ended before it was ready, or took too long; the text ends with its log."""


class Supervisor:
    """Groups of children are started in the order given and stopped in the reverse.

    Their output goes to `logs`, one file each. Descriptors in `held` stay open in every child. `told` hears of
    each death, in words, from a thread of its own.
    """

    def __init__(
        self,
        logs: Path,
        *,
        held: Sequence[int] = (),
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._logs = logs
        self._held = tuple(held)
        self._told = told
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # no child is started once stopping has begun
        self._groups: list[list[str]] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._watchers: list[threading.Thread] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, *children: Child, timeout_s: float = START_S) -> None:
        """Start a group side by side, wait until each is ready, keep them running. Raises `DidNotStart`."""
        deadline = time.monotonic() + timeout_s
        self._groups.append([child.name for child in children])
        for child in children:
            with self._lock:
                self._running[child.name] = self._spawn(child)
        for child in children:
            self._await(child, deadline)
        for child in children:
            watcher = threading.Thread(target=self._watch, args=(child,), daemon=True)
            watcher.start()
            self._watchers.append(watcher)

    def stop(self) -> None:
        """End all children, the last group first; one that does not listen is killed."""
        with self._lock:
            self._stopping.set()
        for group in reversed(self._groups):
            processes = [self._running[name] for name in group if name in self._running]
            for process in processes:
                process.terminate()
            deadline = time.monotonic() + STOP_S
            for process in processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
                _sweep(process)
        for watcher in self._watchers:
            watcher.join()

    def pid(self, name: str) -> int:
        """The process id of a child as it runs now."""
        return self._running[name].pid

    def log_end(self, name: str, lines: int = 20) -> str:
        text = self._log(name).read_text("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "greenroom_local.child", child.module, *child.arguments]
        with self._log(child.name).open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(child.environment),
                pass_fds=self._held,
                # Ctrl-C in the terminal reaches the platform alone, which stops its children in order.
                start_new_session=True,
            )

    def _await(self, child: Child, deadline: float) -> None:
        process = self._running[child.name]
        while child.health is not None:
            status = process.poll()
            if status is not None or time.monotonic() > deadline:
                how = "took too long to start" if status is None else f"ended with {status}"
                raise DidNotStart(f"{child.name} {how}:\n{self.log_end(child.name)}")
            if _answers(child.health):
                return
            time.sleep(0.05)

    def _watch(self, child: Child) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            process = self._running[child.name]
            status = process.wait()
            if self._stopping.is_set():
                return
            _sweep(process)
            if time.monotonic() - started > HEALTHY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            words = f"{child.name} ended with {status}; it starts again in {pause_s:g} s"
            with self._log(child.name).open("a", encoding="utf-8") as log:
                log.write(words + "\n")
            self._told(words)
            if not self._start_again(child, pause_s):
                return
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _start_again(self, child: Child, pause_s: float) -> bool:
        """True once it runs, False when the platform stops meanwhile."""
        while not self._stopping.wait(pause_s):
            try:
                child.died()
                with self._lock:
                    if self._stopping.is_set():
                        return False
                    self._running[child.name] = self._spawn(child)
            except Exception as error:  # noqa: BLE001  (a full disk, no memory: the watch must go on)
                self._told(f"{child.name} cannot start: {error}")
                pause_s = LONGEST_PAUSE_S
            else:
                return True
        return False


def _sweep(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child and of its own children: each child leads a group of its own."""
    if process.stdin is None or process.stdin.closed:
        return  # done before; by now the number may be another process's
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (our own http URL)
            return True
    except (urllib.error.URLError, OSError):
        return False
