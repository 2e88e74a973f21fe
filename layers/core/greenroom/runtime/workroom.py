"""Folders to join recordings in: removed when done, and after a crash by whoever comes next.

A folder is locked while its owner lives. The system drops the lock with the process, however that ends, so a
folder that can be locked is nobody's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenroom.domain.errors import Unavailable

SPARE_BYTES = 64 * 2**20


@contextmanager
def workroom(root: Path, *, needed_bytes: int) -> Iterator[Path]:
    """An empty folder below `root` with room for `needed_bytes`; it is gone afterwards.

    Raises `Unavailable` (`disk_full`) when there is less room: the work can be done later, or elsewhere.
    """
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    free = shutil.disk_usage(root).free
    if free < needed_bytes + SPARE_BYTES:
        raise Unavailable(
            f"{root} has {free} bytes free; {needed_bytes + SPARE_BYTES} are needed",
            code="disk_full",
        )
    folder, lock = _locked_folder(root)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(root: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(dir=root))
        lock = _lock(folder)
        if lock is not None and folder.exists():
            return folder, lock
        # A sweeper was faster between the two calls, and has taken the folder for an orphan.
        if lock is not None:
            os.close(lock)


def _sweep(root: Path) -> None:
    for folder in root.iterdir():
        if folder.is_dir() and (lock := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """The folder's lock, None when somebody holds it or the folder is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
