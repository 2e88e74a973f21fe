"""Bytes on disk: received into a temporary file, made durable, published, swept when nobody owns them.

incoming/<random>         being received; emptied at start
blobs/<hour>/<random>     complete; a row of the catalogue owns it, or the next start deletes it

A file's name never comes from a key. Folders by the hour keep them small and let one flush of the
folder serve all that arrive together.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FLUSH_BYTES = 512 * 1024
"""Received bytes are hashed and written in pieces of this size; an upload holds no more in memory."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors of a disk that takes no more."""


@dataclass(frozen=True)
class Blob:
    """A durable file. `path` is relative to the blobs folder; `size` in bytes; `md5` in hex."""

    path: str
    size: int
    md5: str


class IncomingBlob:
    """One blob while it is received. All methods block: call them in a thread."""

    def __init__(self, path: Path, *, with_sha256: bool) -> None:
        self._path = path
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256() if with_sha256 else None
        self._file: int | None = None
        self._size = 0

    def write(self, data: bytearray) -> None:
        """Hash and write. Raises OSError, ENOSPC among them."""
        if self._file is None:
            self._file = os.open(
                self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600
            )
        self._md5.update(data)
        if self._sha256 is not None:
            self._sha256.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._size += len(data)

    @property
    def md5(self) -> str:
        """Of what was written so far, in hex."""
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str | None:
        return self._sha256.hexdigest() if self._sha256 is not None else None

    def publish(self, folder: Path, name: str) -> Blob:
        """Flush to disk and move to `folder`/`name`. The folder itself is flushed with the commit."""
        self.write(bytearray())
        assert self._file is not None  # noqa: S101 -- write has opened it
        os.fsync(self._file)
        os.close(self._file)
        self._file = None
        folder.mkdir(exist_ok=True)
        self._path.rename(folder / name)
        return Blob(f"{folder.name}/{name}", self._size, self.md5)

    def abandon(self) -> None:
        """Forget what was received."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._path.unlink(missing_ok=True)


class BlobFolder:
    """All blobs of one store."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._incoming = folder / "incoming"
        self._blobs = folder / "blobs"
        self._reserve_bytes = reserve_bytes

    def open(self) -> None:
        """Make the folders; forget what an earlier process was still receiving."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(parents=True)
        self._blobs.mkdir(exist_ok=True)

    def require_space(self) -> None:
        """Raises OSError (ENOSPC) while less than the reserve is free."""
        disk = os.statvfs(self._blobs)
        if disk.f_bavail * disk.f_frsize < self._reserve_bytes:
            raise OSError(errno.ENOSPC, "less than the reserve is free")

    def incoming(self, *, with_sha256: bool) -> IncomingBlob:
        return IncomingBlob(self._incoming / secrets.token_hex(16), with_sha256=with_sha256)

    def publish(self, incoming: IncomingBlob, now: datetime) -> Blob:
        """Blocks until the bytes are on disk; `flush_folders` then makes the name durable."""
        return incoming.publish(self._blobs / f"{now:%Y%m%d%H}", secrets.token_hex(16))

    def flush_folders(self, paths: set[str]) -> None:
        """Make the names of published blobs durable: each hour's folder once, and the one above."""
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
