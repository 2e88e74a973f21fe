"""A data folder belongs to one platform at a time, and to the processes that it left behind."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from greenroom_local.child import GRACE_S

PLATFORM_LOCK = "platform.lock"
PROCESSES_LOCK = "processes.lock"


class FolderInUse(RuntimeError):
    """Another platform runs on this data folder."""


class FolderLock:
    """Holds `folder` until `release`.

    The first lock is the platform's alone. The second is also held by every process that it starts (`descriptor`
    is passed on to them): after a kill -9 a new platform waits until the last of the old one's has gone, so that
    two generations never work side by side.
    """

    def __init__(self, folder: Path, *, wait_s: float = GRACE_S + 5) -> None:
        """Take both locks. `wait_s` is for processes of an earlier run. Raises `FolderInUse`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._platform = _open(folder / PLATFORM_LOCK)
        self.descriptor = _open(folder / PROCESSES_LOCK)
        try:
            if not _lock(self._platform, 0):
                raise FolderInUse(f"another platform runs on {folder}")
            if not _lock(self.descriptor, wait_s):
                raise FolderInUse(f"processes of an earlier run still work on {folder}")
        except BaseException:  # raised again: the locks must not outlive a failed start
            self.release()
            raise

    def release(self) -> None:
        for descriptor in (self.descriptor, self._platform):
            os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _lock(descriptor: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        else:
            return True
