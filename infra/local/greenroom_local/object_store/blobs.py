"""Bytes on disk: received into a file of a random name, made durable, swept when nobody owns them.

blobs/<hour>/<name>     a row of the catalogue owns it, or the next start deletes it

A name never comes from a key, and nobody can know it before the catalogue does: a half-written file
needs no other place. Folders by the hour keep them small and let one flush of the folder serve all
files that arrive together.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors of a disk that takes no more."""
SPACE_CHECK_S = 0.05
"""How long a look at the free space counts, in seconds."""


@dataclass(frozen=True)
class Blob:
    """A durable file. `path` is relative to the blobs folder; `size` in bytes."""

    path: str
    size: int
    etag: str


class IncomingBlob:
    """One blob while it is received."""

    def __init__(self, folder: Path, path: str, *, with_md5: bool, with_sha256: bool) -> None:
        self._file_path = folder / path
        self._path = path
        self._md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        self._sha256 = hashlib.sha256() if with_sha256 else None
        self._size = 0
        self._file = os.open(
            self._file_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600
        )

    @property
    def md5(self) -> str | None:
        """Of what was written so far, in hex."""
        return self._md5.hexdigest() if self._md5 is not None else None

    @property
    def sha256(self) -> str | None:
        """Of what was written so far, in hex."""
        return self._sha256.hexdigest() if self._sha256 is not None else None

    def write(self, data: bytes | memoryview) -> None:
        """Hash and write, into the kernel's memory. Raises OSError, ENOSPC among them."""
        if self._md5 is not None:
            self._md5.update(data)
        if self._sha256 is not None:
            self._sha256.update(data)
        written = os.write(self._file, data)
        while written < len(data):
            written += os.write(self._file, memoryview(data)[written:])
        self._size += len(data)

    def flush(self) -> None:
        """Blocks until the bytes are on disk. The folder is flushed with the commit."""
        os.fsync(self._file)

    def finish(self) -> Blob:
        """The blob; its ETag is the MD5, else the SHA-256, else an opaque one (with a hyphen, as no MD5 has)."""
        os.close(self._file)
        etag = self.md5 or self.sha256 or f"{self._path.rpartition('/')[2]}-1"
        return Blob(self._path, self._size, etag)

    def abandon(self) -> None:
        """Forget what was received."""
        os.close(self._file)
        self._file_path.unlink(missing_ok=True)


class BlobFolder:
    """All blobs of one store."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._blobs = folder / "blobs"
        self._reserve_bytes = reserve_bytes
        # Unique by the run, not by luck: a random name for each file would cost a system call.
        self._run = secrets.token_hex(8)
        self._numbers = count()
        self._hour = ""
        self._enough_until = 0.0

    def open(self) -> None:
        self._blobs.mkdir(parents=True, exist_ok=True)

    def require_space(self) -> None:
        """Raises OSError (ENOSPC) while less than the reserve is free."""
        if time.monotonic() < self._enough_until:
            return
        disk = os.statvfs(self._blobs)
        if disk.f_bavail * disk.f_frsize < self._reserve_bytes:
            raise OSError(errno.ENOSPC, "less than the reserve is free")
        self._enough_until = time.monotonic() + SPACE_CHECK_S

    def incoming(self, now: datetime, *, with_md5: bool, with_sha256: bool) -> IncomingBlob:
        """A new file for an upload. Raises OSError."""
        hour = f"{now:%Y%m%d%H}"
        if hour != self._hour:
            (self._blobs / hour).mkdir(exist_ok=True)
            self._hour = hour
        path = f"{hour}/{self._run}{next(self._numbers):016x}"
        return IncomingBlob(self._blobs, path, with_md5=with_md5, with_sha256=with_sha256)

    def flush_folders(self, paths: set[str]) -> None:
        """Make the names of new blobs durable: each hour's folder once, and the one above."""
        hours = {path.partition("/")[0] for path in paths}
        for folder in [*(self._blobs / hour for hour in hours), self._blobs]:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def file(self, path: str) -> int:
        """A file handle for reading. Raises FileNotFoundError when it was deleted meanwhile."""
        return os.open(self._blobs / path, os.O_RDONLY | os.O_CLOEXEC)

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            (self._blobs / path).unlink(missing_ok=True)

    def sweep(self, owned: Callable[[str], bool]) -> int:
        """Delete every blob that nobody owns; returns how many. For the start, before any upload."""
        orphans = [path for path in self._all() if not owned(path)]
        self.delete(orphans)
        for hour in self._blobs.iterdir():
            if not any(hour.iterdir()):
                hour.rmdir()
        return len(orphans)

    def _all(self) -> Iterator[str]:
        for hour in self._blobs.iterdir():
            with os.scandir(hour) as entries:
                for entry in entries:
                    yield f"{hour.name}/{entry.name}"
