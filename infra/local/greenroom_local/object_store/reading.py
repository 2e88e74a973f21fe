"""Reading objects: GetObject and HeadObject, whole or a range, streamed with flat memory."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from greenroom_local.object_store.catalogue import Piece, StoredObject
from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.request import S3Request
from greenroom_local.object_store.store import Store

READ_BYTES = 2**20
"""Sent at a time, in bytes: a recorder's part in one piece."""
LOOKUPS = 5
"""An object replaced between looking it up and opening its file is looked up again, so often."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Span:
    """The bytes asked for: from `first` up to but not including `end`."""

    first: int
    end: int


def parse_range(header: str | None, size: int) -> Span | None:
    """The one range of a Range header; None means the whole object, as for what is no single range.

    Raises S3Error `InvalidRange` (416) when the range lies outside. (RFC 9110, section 14)
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first_text, last_text = found.groups()
    if not first_text:
        length = min(int(last_text), size)
        span = Span(size - length, size)
    else:
        last = int(last_text) if last_text else size - 1
        if last_text and last < int(first_text):
            return None
        span = Span(int(first_text), min(last + 1, size))
    if span.first >= span.end:
        raise S3Error(
            "InvalidRange",
            "the range lies outside the object",
            {"content-range": f"bytes */{size}"},
        )
    return span


class ObjectResponse(Response):
    """Sends pieces of files; the first file is open already, so that it cannot vanish any more."""

    def __init__(
        self,
        store: Store,
        pieces: list[Piece],
        first_file: int | None,
        span: Span,
        status: int,
        headers: dict[str, str],
    ) -> None:
        self._store = store
        self._pieces = pieces
        self._first_file = first_file
        self._span = span
        self.status_code = status
        self.background = None
        self.body = b""
        self.init_headers({**headers, "content-length": str(span.end - span.first)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        finally:
            if (
                self._first_file is not None
            ):  # nothing was read: an empty object, or nobody to send to
                os.close(self._first_file)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        # Who hangs up while much is under way is noticed; a short answer is out before that.
        watcher = (
            asyncio.ensure_future(_until_gone(receive))
            if self._span.end - self._span.first > READ_BYTES
            else None
        )
        try:
            async with aclosing(self._blocks()) as blocks:
                left = self._span.end - self._span.first
                async for block in blocks:
                    left -= len(block)
                    await send({"type": "http.response.body", "body": block, "more_body": left > 0})
                    if watcher is not None and watcher.done():
                        return
        finally:
            if watcher is not None:
                watcher.cancel()
                with suppress(asyncio.CancelledError):
                    await watcher

    async def _blocks(self) -> AsyncGenerator[bytes | memoryview, None]:
        """The span's bytes; one empty block for an object without any."""
        if self._span.first == self._span.end:
            yield b""
        start = 0
        for piece in self._pieces:
            first = max(self._span.first - start, 0)
            end = min(self._span.end - start, piece.size)
            start += piece.size
            if first >= end:
                continue
            file = self._first_file
            self._first_file = None
            if file is None:
                file = self._store.blobs.file(piece.path)
            try:
                while first < end:
                    size = min(READ_BYTES, end - first)
                    block: bytes | memoryview | None = _cached(file, size, first)
                    if block is None:
                        block = await self._store.in_thread(os.pread, file, size, first)
                    if not block:
                        raise OSError(f"{piece.path} is shorter than its catalogue says")
                    yield block
                    first += len(block)
            finally:
                os.close(file)


async def get_object(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    for _ in range(LOOKUPS):
        stored = store.catalogue.object(request.bucket, request.key)
        if stored is None:
            raise S3Error("NoSuchKey", "the key does not exist")
        headers = object_headers(stored)
        if _same(request.headers.get("if-none-match"), stored):
            return Response(status_code=304, headers=headers)
        if "if-match" in request.headers and not _same(request.headers["if-match"], stored):
            raise S3Error("PreconditionFailed", "the object is another one")
        asked = request.headers.get("range")
        if not _same(request.headers.get("if-range", f'"{stored.etag}"'), stored):
            asked = None
        span = parse_range(asked, stored.size)
        status = 200
        if span is not None:
            status = 206
            headers["content-range"] = f"bytes {span.first}-{span.end - 1}/{stored.size}"
        span = span or Span(0, stored.size)
        if request.method == "HEAD":
            return ObjectResponse(store, [], None, span, status, headers)
        pieces = _within(store.catalogue.pieces(stored.id), span)
        if not pieces:
            continue
        first_piece, _ = pieces[0]
        try:
            first_file = store.blobs.file(first_piece.path)
        except FileNotFoundError:
            continue
        shifted = Span(span.first - pieces[0][1], span.end - pieces[0][1])
        return ObjectResponse(
            store, [piece for piece, _ in pieces], first_file, shifted, status, headers
        )
    raise S3Error("InternalError", "the object's bytes are missing")


def object_headers(stored: StoredObject) -> dict[str, str]:
    """What every answer about an object says."""
    modified = datetime.fromtimestamp(stored.modified_ms // 1000, UTC)
    headers = {
        "etag": f'"{stored.etag}"',
        "last-modified": format_datetime(modified, usegmt=True),
        "content-type": stored.content_type,
        "accept-ranges": "bytes",
    }
    for name, value in stored.metadata.items():
        headers[f"x-amz-meta-{name}"] = value
    # Headers are bytes: what came as UTF-8 leaves as UTF-8.
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


def _within(pieces: list[Piece], span: Span) -> list[tuple[Piece, int]]:
    """The pieces that a span touches, each with where it starts in the object."""
    found, start = [], 0
    for piece in pieces:
        if (start < span.end and start + piece.size > span.first) or span.first == span.end:
            found.append((piece, start))
        start += piece.size
    return found


def _same(header: str | None, stored: StoredObject) -> bool:
    """Does an If-Match or If-None-Match header name this object?"""
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return "*" in tags or stored.etag in tags


def _cached(file: int, size: int, offset: int) -> memoryview | None:
    """What of these bytes the kernel has in memory, None when the disk would have to be waited for.

    Reading here is a third faster than in a thread. (RWF_NOWAIT: Linux, most of its file systems)
    """
    nowait = getattr(os, "RWF_NOWAIT", None)
    if nowait is None:
        return None
    block = bytearray(size)
    try:
        read = os.preadv(file, [block], offset, nowait)
    except OSError:  # not in memory, or not known here: pread will tell
        return None
    return memoryview(block)[:read] if read else None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
