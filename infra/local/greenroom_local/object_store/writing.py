"""Writing objects: PutObject, the browser's POST, DeleteObject."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from urllib.parse import quote

from starlette.responses import Response

from greenroom_local.object_store import catalogue
from greenroom_local.object_store.blobs import Blob
from greenroom_local.object_store.catalogue import NewObject, StoredObject
from greenroom_local.object_store.documents import tag, write
from greenroom_local.object_store.errors import S3Error, not_spoken
from greenroom_local.object_store.form import FileStart, parse_form
from greenroom_local.object_store.policy import Policy, parse_policy
from greenroom_local.object_store.request import S3Request, checked_key
from greenroom_local.object_store.store import Store

OBJECT_BYTES = 5 * 2**30
"""The largest single upload, in bytes (S3's limit)."""
METADATA_BYTES = 2048
"""All x-amz-meta- names and values together, in bytes (S3's limit)."""
DEFAULT_TYPE = "binary/octet-stream"
META = "x-amz-meta-"

_UNSPOKEN = (
    "content-encoding",
    "if-match",
    "if-none-match",
    "x-amz-copy-source",
    "x-amz-object-lock-mode",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-tagging",
)
"""Headers of a write that would be a broken promise if they were passed over."""


async def put_object(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    content_type, metadata = described(request)
    blob = await store.receive(
        request,
        request.chunks(),
        with_md5=True,
        with_sha256=request.sha256 is not None,
        on_size=_check_largest,
    )
    stored = await _write(
        store, request, request.key, blob, content_type, metadata, "s3:ObjectCreated:Put"
    )
    return Response(headers={"etag": f'"{stored.etag}"'})


async def delete_object(store: Store, request: S3Request) -> Response:
    """204 whether the object was there or not, as S3 answers."""
    store.bucket(request.bucket)
    if request.query.get("versionId", "null") != "null":
        raise S3Error("NoSuchVersion", "this store keeps no versions; the only one is null")
    await store.commit(
        None,
        lambda connection: (None, catalogue.delete_object(connection, request.bucket, request.key)),
    )
    return Response(status_code=204)


async def post_object(store: Store, request: S3Request) -> Response:
    """A browser's form upload; the policy in the form is its only permission."""
    store.bucket(request.bucket)
    events = parse_form(request.headers.get("content-type", ""), request.chunks())
    async with aclosing(events):
        start = await anext(events)
        assert isinstance(start, FileStart)  # noqa: S101 -- parse_form yields it first
        key, policy = _permitted(store, request, start)
        fields = start.fields
        content_type = _printable("Content-Type", fields.get("content-type") or DEFAULT_TYPE)
        metadata = _metadata(fields)
        # No MD5: it would be a third of the whole upload's CPU, and the sealed manifest has a SHA-256.
        blob = await store.receive(
            request,
            _file(events),
            with_md5=False,
            with_sha256=False,
            on_size=policy.check_largest,
            on_end=policy.check_smallest,
        )
    stored = await _write(
        store, request, key, blob, content_type, metadata, "s3:ObjectCreated:Post"
    )
    return _posted(request, stored, fields.get("success_action_status", ""))


def described(request: S3Request) -> tuple[str, dict[str, str]]:
    """The content type and metadata of a write; raises S3Error for what is not spoken or too large."""
    for name in _UNSPOKEN:
        if name in request.headers:
            raise not_spoken(f"the header {name}")
    if request.content_length is None and "transfer-encoding" not in request.headers:
        raise S3Error("MissingContentLength", "Content-Length is required")
    _check_largest(request.content_length or 0)
    return request.headers.get("content-type", DEFAULT_TYPE), _metadata(request.headers)


async def _write(
    store: Store,
    request: S3Request,
    key: str,
    blob: Blob,
    content_type: str,
    metadata: dict[str, str],
    event: str,
) -> StoredObject:
    new = NewObject(
        request.bucket, key, blob.size, blob.etag, content_type, metadata, store.now_ms()
    )

    def operation(connection: sqlite3.Connection) -> tuple[StoredObject, list[str]]:
        stored, orphans = catalogue.write_object(connection, new, blob)
        store.announce(connection, stored, event, request.request_id)
        return stored, orphans

    return await store.commit(blob, operation)


def _permitted(store: Store, request: S3Request, start: FileStart) -> tuple[str, Policy]:
    """The key and the policy of a form, once its signature and every condition hold."""
    fields = start.fields
    store.signatures.verify_policy(fields)
    if "key" not in fields:
        raise S3Error("InvalidArgument", "the form has no key")
    key = checked_key(fields["key"].replace("${filename}", start.filename))
    if not key:
        raise S3Error("InvalidArgument", "the key is empty")
    policy = parse_policy(fields["policy"])
    policy.check_fields({**fields, "key": key, "bucket": request.bucket}, store.clock())
    if "success_action_redirect" in fields:
        raise not_spoken("success_action_redirect")
    return key, policy


def _posted(request: S3Request, stored: StoredObject, status: str) -> Response:
    """204, or 200 or 201 when the form asks; 201 tells the object in XML."""
    host = request.headers.get("host", "")
    location = f"http://{host}/{stored.bucket}/{quote(stored.key)}"
    headers = {"etag": f'"{stored.etag}"', "location": location}
    if status != "201":
        return Response(status_code=200 if status == "200" else 204, headers=headers)
    members = [
        tag("Location", location),
        tag("Bucket", stored.bucket),
        tag("Key", stored.key),
        tag("ETag", f'"{stored.etag}"'),
    ]
    body = write("PostResponse", members, attributes="")
    return Response(body, 201, headers, "application/xml")


async def _file(events: AsyncGenerator[FileStart | memoryview, None]) -> AsyncIterator[memoryview]:
    async for event in events:
        if not isinstance(event, FileStart):
            yield event


def _metadata(fields: dict[str, str]) -> dict[str, str]:
    metadata = {
        name.removeprefix(META): _printable(name, value)
        for name, value in fields.items()
        if name.startswith(META)
    }
    if sum(len(name) + len(value.encode()) for name, value in metadata.items()) > METADATA_BYTES:
        raise S3Error("MetadataTooLarge", f"metadata has at most {METADATA_BYTES} bytes")
    return metadata


def _printable(name: str, value: str) -> str:
    """A value that can be a header again when the object is read."""
    if not value.isprintable() or not all(33 <= ord(letter) < 127 for letter in name):
        raise S3Error("InvalidArgument", f"the value of {name} cannot be a header")
    return value


def _check_largest(size: int) -> None:
    if size > OBJECT_BYTES:
        raise S3Error("EntityTooLarge", f"one upload has at most {OBJECT_BYTES} bytes")
