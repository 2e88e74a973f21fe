"""What the store knows besides bytes: buckets, objects, multipart uploads, in SQLite.

Functions that change something take the connection of the running transaction (see `commits`);
`Catalogue` reads. Keys compare as UTF-8 bytes, which is S3's order.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from greenroom_local.object_store.blobs import Blob
from greenroom_local.object_store.errors import S3Error

SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
  name TEXT PRIMARY KEY,
  cors TEXT,
  notifications TEXT
);
CREATE TABLE IF NOT EXISTS objects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  UNIQUE (bucket, key)
);
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY,
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  content_type TEXT NOT NULL,
  metadata TEXT NOT NULL,
  started_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pieces (
  path TEXT PRIMARY KEY,
  object_id INTEGER,
  upload_id TEXT,
  number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  CHECK ((object_id IS NULL) <> (upload_id IS NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS pieces_of_object ON pieces (object_id, number)
  WHERE object_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS pieces_of_upload ON pieces (upload_id, number)
  WHERE upload_id IS NOT NULL;
"""


@dataclass(frozen=True)
class NewObject:
    """An object about to be written. `metadata` are the x-amz-meta- headers, without that prefix."""

    bucket: str
    key: str
    size: int
    etag: str
    content_type: str
    metadata: dict[str, str]
    modified_ms: int


@dataclass(frozen=True)
class StoredObject(NewObject):
    """An object as it stands. `id` grows with every write: the sequencer of its events."""

    id: int


@dataclass(frozen=True)
class Piece:
    """A file that is an object or a part of it. `path` is relative to the blobs folder."""

    path: str
    size: int


@dataclass(frozen=True)
class Part:
    """An uploaded part of a multipart upload."""

    number: int
    path: str
    size: int
    etag: str


@dataclass(frozen=True)
class Upload:
    """A multipart upload in progress."""

    id: str
    bucket: str
    key: str
    content_type: str
    metadata: dict[str, str]
    started_ms: int


class Catalogue:
    """Reads. Every read sees the last committed state."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def object(self, bucket: str, key: str) -> StoredObject | None:
        row = self._connection.execute(
            "SELECT bucket, key, size, etag, content_type, metadata, modified_ms, id"
            " FROM objects WHERE bucket = ? AND key = ?",
            (bucket, key),
        ).fetchone()
        return _stored(row) if row else None

    def pieces(self, object_id: int) -> list[Piece]:
        """The object's files in order; empty when it was replaced or deleted meanwhile."""
        rows = self._connection.execute(
            "SELECT path, size FROM pieces WHERE object_id = ? ORDER BY number", (object_id,)
        )
        return [Piece(*row) for row in rows]

    def after(
        self, bucket: str, prefix: str, after: str, *, inclusive: bool
    ) -> Iterator[StoredObject]:
        """Objects whose keys start with `prefix`, in order, beyond (or from) `after`."""
        if after < prefix:
            after, inclusive = prefix, True
        rows = self._connection.execute(
            "SELECT bucket, key, size, etag, content_type, metadata, modified_ms, id FROM objects"
            " WHERE bucket = ? AND key >= ? ORDER BY key",
            (bucket, after),
        )
        try:
            for row in rows:
                if not row[1].startswith(prefix):
                    return
                if inclusive or row[1] != after:
                    yield _stored(row)
        finally:
            # An unfinished SELECT would hold later reads at an old state.
            rows.close()

    def owns(self, path: str) -> bool:
        """Does any object or upload own this file?"""
        found = self._connection.execute("SELECT 1 FROM pieces WHERE path = ?", (path,)).fetchone()
        return found is not None

    def buckets(self) -> dict[str, tuple[str | None, str | None]]:
        """Every bucket with its CORS and its notification configuration, as stored."""
        rows = self._connection.execute("SELECT name, cors, notifications FROM buckets")
        return {name: (cors, notifications) for name, cors, notifications in rows}

    def uploads_before(self, started_ms: int) -> list[str]:
        rows = self._connection.execute(
            "SELECT id FROM uploads WHERE started_ms < ?", (started_ms,)
        )
        return [upload_id for (upload_id,) in rows]

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """The multipart uploads in progress below `prefix`, by key."""
        rows = self._connection.execute(
            "SELECT id, bucket, key, content_type, metadata, started_ms FROM uploads"
            " WHERE bucket = ? AND substr(key, 1, ?) = ? ORDER BY key, id",
            (bucket, len(prefix), prefix),
        )
        return [
            Upload(found, of, key, content_type, json.loads(metadata), started_ms)
            for found, of, key, content_type, metadata, started_ms in rows.fetchall()
        ]

    def upload(self, upload_id: str, bucket: str, key: str) -> Upload:
        return require_upload(self._connection, upload_id, bucket, key)


def add_bucket(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO buckets (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))


def set_cors(connection: sqlite3.Connection, bucket: str, rules: str | None) -> None:
    connection.execute("UPDATE buckets SET cors = ? WHERE name = ?", (rules, bucket))


def set_notifications(connection: sqlite3.Connection, bucket: str, rules: str | None) -> None:
    connection.execute("UPDATE buckets SET notifications = ? WHERE name = ?", (rules, bucket))


def write_object(
    connection: sqlite3.Connection, new: NewObject, blob: Blob
) -> tuple[StoredObject, list[str]]:
    """Write or replace an object of one file; also returns the files that have lost their owner."""
    stored, orphans = _replace(connection, new)
    connection.execute(
        "INSERT INTO pieces (path, object_id, number, size, etag) VALUES (?, ?, 1, ?, ?)",
        (blob.path, stored.id, blob.size, blob.etag),
    )
    return stored, orphans


def delete_object(connection: sqlite3.Connection, bucket: str, key: str) -> list[str]:
    """Delete the object if it is there; returns the files that have lost their owner."""
    row = connection.execute(
        "DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING id", (bucket, key)
    ).fetchone()
    if row is None:
        return []
    rows = connection.execute("DELETE FROM pieces WHERE object_id = ? RETURNING path", row)
    return [path for (path,) in rows.fetchall()]


def add_upload(connection: sqlite3.Connection, upload: Upload) -> None:
    connection.execute(
        "INSERT INTO uploads (id, bucket, key, content_type, metadata, started_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            upload.id,
            upload.bucket,
            upload.key,
            upload.content_type,
            json.dumps(upload.metadata),
            upload.started_ms,
        ),
    )


def require_upload(connection: sqlite3.Connection, upload_id: str, bucket: str, key: str) -> Upload:
    """Raises S3Error `NoSuchUpload` unless the upload is in progress for this very key."""
    row = connection.execute(
        "SELECT id, bucket, key, content_type, metadata, started_ms FROM uploads"
        " WHERE id = ? AND bucket = ? AND key = ?",
        (upload_id, bucket, key),
    ).fetchone()
    if row is None:
        raise S3Error("NoSuchUpload", "no such multipart upload is in progress")
    found_id, found_bucket, found_key, content_type, metadata, started_ms = row
    return Upload(found_id, found_bucket, found_key, content_type, json.loads(metadata), started_ms)


def write_part(
    connection: sqlite3.Connection, upload: Upload, number: int, blob: Blob
) -> list[str]:
    """Write or replace a part; returns the files that have lost their owner."""
    require_upload(connection, upload.id, upload.bucket, upload.key)
    replaced = connection.execute(
        "DELETE FROM pieces WHERE upload_id = ? AND number = ? RETURNING path", (upload.id, number)
    ).fetchall()
    connection.execute(
        "INSERT INTO pieces (path, upload_id, number, size, etag) VALUES (?, ?, ?, ?, ?)",
        (blob.path, upload.id, number, blob.size, blob.etag),
    )
    return [path for (path,) in replaced]


def parts(connection: sqlite3.Connection, upload_id: str) -> dict[int, Part]:
    rows = connection.execute(
        "SELECT number, path, size, etag FROM pieces WHERE upload_id = ?", (upload_id,)
    )
    return {row[0]: Part(*row) for row in rows}


def complete_upload(
    connection: sqlite3.Connection, upload_id: str, new: NewObject, chosen: list[Part]
) -> tuple[StoredObject, list[str]]:
    """The parts become the object, without copying a byte; also returns the files left over."""
    stored, orphans = _replace(connection, new)
    connection.executemany(
        "UPDATE pieces SET object_id = ?, upload_id = NULL WHERE path = ?",
        [(stored.id, part.path) for part in chosen],
    )
    return stored, orphans + drop_upload(connection, upload_id)


def drop_upload(connection: sqlite3.Connection, upload_id: str) -> list[str]:
    """Forget an upload; returns the files that have lost their owner."""
    connection.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))
    rows = connection.execute("DELETE FROM pieces WHERE upload_id = ? RETURNING path", (upload_id,))
    return [path for (path,) in rows.fetchall()]


def _replace(connection: sqlite3.Connection, new: NewObject) -> tuple[StoredObject, list[str]]:
    orphans = delete_object(connection, new.bucket, new.key)
    cursor = connection.execute(
        "INSERT INTO objects (bucket, key, size, etag, content_type, metadata, modified_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            new.bucket,
            new.key,
            new.size,
            new.etag,
            new.content_type,
            json.dumps(new.metadata),
            new.modified_ms,
        ),
    )
    assert cursor.lastrowid is not None  # noqa: S101 -- an INSERT has one
    return StoredObject(**vars(new), id=cursor.lastrowid), orphans


def _stored(row: tuple[str, str, int, str, str, str, int, int]) -> StoredObject:
    bucket, key, size, etag, content_type, metadata, modified_ms, object_id = row
    return StoredObject(
        bucket, key, size, etag, content_type, json.loads(metadata), modified_ms, object_id
    )
