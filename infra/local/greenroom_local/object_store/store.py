"""The running store: its folder, its catalogue, its keys, and how bytes come in."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from greenroom.clock import Clock
from greenroom_local.database import connect, transaction
from greenroom_local.object_store import catalogue, cors, notifications
from greenroom_local.object_store.blobs import Blob, BlobFolder
from greenroom_local.object_store.catalogue import Catalogue, StoredObject
from greenroom_local.object_store.commits import Commits
from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.request import S3Request, check_digests
from greenroom_local.object_store.settings import StoreSettings
from greenroom_local.object_store.signatures import Signatures
from greenroom_local.queue import create_tables, enqueue

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
"""For flushing and reading: enough that the disk always has several flushes to merge."""
UPLOAD_DAYS = 1
"""A multipart upload that is older when the store starts was given up by its client."""


class FolderInUse(Exception):
    """Another process serves this folder."""


@dataclass(frozen=True)
class Bucket:
    """A bucket's configuration, held in memory: this process is the only one that changes it."""

    name: str
    cors: list[cors.CorsRule]
    notifications: list[notifications.NotificationRule]


class Store:
    """Opened and closed with the ASGI app's lifespan."""

    def __init__(self, settings: StoreSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.signatures = Signatures(settings.access_key, settings.secret_key)
        self.blobs = BlobFolder(settings.folder, settings.reserve_bytes)
        self.buckets: dict[str, Bucket] = {}
        self.catalogue: Catalogue
        self._commits: Commits

    def open(self) -> None:
        """Take the folder, sweep what an earlier process left unfinished. Raises FolderInUse."""
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(
            self.settings.folder / "store.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise FolderInUse(f"another store serves {self.settings.folder}") from error
        self.blobs.open()
        writing = connect(self.settings.folder)
        writing.executescript(catalogue.SCHEMA)
        create_tables(writing)
        self._reading = connect(self.settings.folder)
        self.catalogue = Catalogue(self._reading)
        self._drop_old_uploads(writing)
        self.blobs.sweep(self.catalogue.owns)
        self._load_buckets()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self._commits = Commits(writing, self.blobs)

    def close(self) -> None:
        self._commits.close()
        self._threads.shutdown()
        self._reading.close()
        os.close(self._lock)

    def bucket(self, name: str) -> Bucket:
        """Raises S3Error `NoSuchBucket`."""
        try:
            return self.buckets[name]
        except KeyError as error:
            raise S3Error("NoSuchBucket", "the bucket does not exist") from error

    async def change(self, operation: Callable[[sqlite3.Connection], None]) -> None:
        """Run an operation that concerns no file."""
        await self._commits.run(operation)

    async def configure(self, operation: Callable[[sqlite3.Connection], None]) -> None:
        """Change buckets; the change is on disk and in force when this returns."""
        await self.change(operation)
        self._load_buckets()

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    async def receive(
        self,
        request: S3Request,
        chunks: AsyncIterator[bytes | memoryview],
        *,
        with_md5: bool,
        with_sha256: bool,
        on_size: Callable[[int], None],
        on_end: Callable[[int], None] = lambda size: None,
    ) -> Blob:
        """Bytes to disk, with flat memory. `on_size` and `on_end` see the size so far and in all.

        Hashing and copying into the kernel happen here, not in a thread: on two cores the hand-over
        and the fight for the interpreter cost more than the copy. Only the flush waits elsewhere.

        The digests that are taken make the ETag, and are held against those that the client declared.
        Raises S3Error for a body that is not as declared, OSError from the disk, and what `on_size`
        and `on_end` raise.
        """
        self.blobs.require_space()
        incoming = self.blobs.incoming(self.clock(), with_md5=with_md5, with_sha256=with_sha256)
        size = 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                on_size(size)
                incoming.write(chunk)
            on_end(size)
            if with_md5 or with_sha256:
                check_digests(request, incoming.md5, incoming.sha256)
            await self.in_thread(incoming.flush)
        except BaseException:  # raised again: an upload that broke off leaves no file
            incoming.abandon()
            raise
        return incoming.finish()

    async def commit(
        self, blob: Blob | None, operation: Callable[[sqlite3.Connection], tuple[T, list[str]]]
    ) -> T:
        """Run an operation that returns its result and the files that have lost their owner.

        When it fails, the new blob has no owner and goes too. (Only when the disk itself fails it
        stays for the next start's sweep: the transaction might yet turn out to have been written.)
        """
        try:
            result, orphans = await self._commits.run(operation, blob.path if blob else None)
        except S3Error as error:
            if blob is not None and error.code != "InternalError":
                await self.in_thread(self.blobs.delete, [blob.path])
            raise
        if orphans:
            self._threads.submit(self.blobs.delete, orphans)
        return result

    def announce(
        self, connection: sqlite3.Connection, stored: StoredObject, event: str, request_id: str
    ) -> None:
        """Queue the messages that the bucket's rules call for, in the object's own transaction."""
        for rule in self.buckets[stored.bucket].notifications:
            if rule.applies(stored.key, event):
                body = notifications.message(stored, rule, event, self.settings.region, request_id)
                enqueue(connection, rule.queue, body, self.clock())

    def now_ms(self) -> int:
        return round(self.clock().timestamp() * 1000)

    def _drop_old_uploads(self, connection: sqlite3.Connection) -> None:
        long_ago = self.now_ms() - UPLOAD_DAYS * 24 * 3600 * 1000
        with transaction(connection):
            for upload_id in self.catalogue.uploads_before(long_ago):
                catalogue.drop_upload(connection, upload_id)

    def _load_buckets(self) -> None:
        self.buckets = {
            name: Bucket(
                name, cors.rules_from_json(cors_rules), notifications.rules_from_json(rules)
            )
            for name, (cors_rules, rules) in self.catalogue.buckets().items()
        }
