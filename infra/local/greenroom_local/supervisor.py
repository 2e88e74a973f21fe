"""Starts the platform's processes, watches them, starts a dead one again, stops them in order."""

from __future__ import annotations

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
STOP_S = 15.0


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


class Supervisor:
    """Children are started in the order given and stopped in the reverse. Their output goes to `logs`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._logs.mkdir(parents=True, exist_ok=True)
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._watchers: dict[str, threading.Thread] = {}

    def start(self, child: Child, timeout_s: float = 60.0) -> None:
        """Start a child, wait until it is ready, keep it running. Raises RuntimeError with its log's end."""
        self._running[child.name] = self._spawn(child)
        watcher = threading.Thread(target=self._watch, args=(child,), name=child.name, daemon=True)
        self._watchers[child.name] = watcher
        watcher.start()
        if child.health is not None and not self._await(child.health, timeout_s):
            raise RuntimeError(f"{child.name} did not start:\n{self.log_end(child.name)}")

    def stop(self) -> None:
        """End all children, the last started first; one that does not listen is killed."""
        self._stopping.set()
        for name in reversed(self._running):
            process = self._running[name]
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        for watcher in self._watchers.values():
            watcher.join()

    def pid(self, name: str) -> int:
        """The process id of a child as it runs now."""
        return self._running[name].pid

    def log_end(self, name: str, lines: int = 20) -> str:
        text = (self._logs / f"{name}.log").read_text("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "greenroom_local.child", child.module, *child.arguments]
        with (self._logs / f"{child.name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(child.environment),
                # Ctrl-C in the terminal reaches the platform alone, which stops its children in order.
                start_new_session=True,
            )

    def _watch(self, child: Child) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            process = self._running[child.name]
            process.wait()
            if self._stopping.is_set():
                return
            pause_s = (
                FIRST_PAUSE_S
                if time.monotonic() - started > HEALTHY_AFTER_S
                else min(pause_s * 2, LONGEST_PAUSE_S)
            )
            child.died()
            if self._stopping.wait(pause_s):
                return
            if process.stdin is not None:
                process.stdin.close()
            self._running[child.name] = self._spawn(child)

    def _await(self, url: str, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and not self._stopping.is_set():
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (our own http URL)
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        return False
