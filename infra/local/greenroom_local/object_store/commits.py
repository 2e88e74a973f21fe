"""Group commit: one thread writes the catalogue, many requests share each flush of the disk.

A request hands in an operation and waits. Whatever gathered while the last transaction was flushed
goes into the next one, each operation in its own savepoint: one that fails takes nobody with it.
Folders of new blobs are flushed before the transaction, so that no row is durable before its bytes.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from greenroom_local.database import transaction
from greenroom_local.object_store.blobs import FULL, BlobFolder
from greenroom_local.object_store.errors import S3Error, disk_full

T = TypeVar("T")
BATCH = 256


@dataclass
class _Pending:
    operation: Callable[[sqlite3.Connection], Any]
    blob_path: str | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = field(default=None)

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Commits:
    """The only writer of the catalogue within this process."""

    def __init__(self, connection: sqlite3.Connection, blobs: BlobFolder) -> None:
        self._connection = connection
        self._blobs = blobs
        self._waiting: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="catalogue-writer", daemon=True)
        self._thread.start()

    async def run(
        self, operation: Callable[[sqlite3.Connection], T], blob_path: str | None = None
    ) -> T:
        """Run `operation` in a transaction; returns once that is on disk.

        `blob_path` is the new blob that the operation gives an owner. Raises what the operation
        raised, or S3Error `InsufficientStorage` / `SlowDown` when the transaction failed.
        """
        loop = asyncio.get_running_loop()
        pending = _Pending(operation, blob_path, loop, loop.create_future())
        self._waiting.put(pending)
        # The transaction goes its way even if the client has hung up: shield only the waiting.
        result: T = await asyncio.shield(pending.future)
        return result

    def close(self) -> None:
        """Finish what was handed in, then stop."""
        self._waiting.put(None)
        self._thread.join()
        self._connection.close()

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            stop = False
            while len(batch) < BATCH:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    stop = True
                    break
                batch.append(following)
            self._commit(batch)
            batch[0].loop.call_soon_threadsafe(_settle, batch)
            if stop:
                return

    def _commit(self, batch: list[_Pending]) -> None:
        try:
            paths = {pending.blob_path for pending in batch if pending.blob_path is not None}
            if paths:
                self._blobs.flush_folders(paths)
            with transaction(self._connection):
                for pending in batch:
                    self._apply(pending)
        except (OSError, sqlite3.Error) as error:
            failed = as_s3_error(error)
            for pending in batch:
                pending.error = failed

    def _apply(self, pending: _Pending) -> None:
        self._connection.execute("SAVEPOINT one")
        try:
            pending.result = pending.operation(self._connection)
        except (OSError, sqlite3.Error):
            raise  # the disk's or the file's trouble is everybody's
        except Exception as error:  # noqa: BLE001 -- its sender gets it; the only writer must go on
            pending.error = error
            self._connection.execute("ROLLBACK TO one")
        self._connection.execute("RELEASE one")


def as_s3_error(error: OSError | sqlite3.Error) -> S3Error:
    """A failing disk or database, as its client is told."""
    if isinstance(error, OSError):
        if error.errno in FULL:
            return disk_full(error)
    elif getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return disk_full(error)
    elif getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return S3Error("SlowDown", "the catalogue is busy; try again")
    return S3Error("InternalError", f"{type(error).__name__}: {error}")


def _settle(batch: list[_Pending]) -> None:
    for pending in batch:
        pending.settle()
