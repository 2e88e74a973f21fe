"""The one SQLite file of the pocket platform: how it is opened, and by which rules it is durable.

The object store and the queue share the file, so that an object and the messages it causes are one
transaction. Write-ahead log: readers never wait, one process writes at a time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

FILE_NAME = "pocket.sqlite"
BUSY_MS = 30_000
"""How long a writer waits for another process's transaction before it fails, in milliseconds."""

Synchronous = Literal["FULL", "NORMAL"]
"""FULL: a commit survives a power cut. NORMAL: it survives a killed process, and may be lost with
the power: right for what at-least-once delivery repeats anyway."""


def connect(folder: Path, synchronous: Synchronous = "FULL") -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are opened by hand (`transaction`)."""
    path = folder / FILE_NAME
    if not path.exists():
        _create(folder)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: all of it or, on any exception, nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:  # raised again: whatever ends it, half a transaction must not stay open
        # SQLite has rolled back by itself after a full disk; a second ROLLBACK would only mask that.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(folder: Path) -> None:
    """Switch the new file to write-ahead logging, one process at a time.

    The switch needs the file alone and does not honour the busy timeout, hence the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / (FILE_NAME + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = sqlite3.connect(folder / FILE_NAME)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    finally:
        os.close(lock)
