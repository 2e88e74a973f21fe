"""Multipart uploads: parts in any order, joined without copying a byte."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3

from starlette.responses import Response

from greenroom_local.object_store import catalogue
from greenroom_local.object_store.catalogue import NewObject, Part, StoredObject, Upload
from greenroom_local.object_store.documents import parse, tag, timestamp, write
from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.request import S3Request
from greenroom_local.object_store.store import Store
from greenroom_local.object_store.writing import OBJECT_BYTES, described

PART_NUMBERS = range(1, 10_001)
SMALLEST_PART = 5 * 2**20
"""Every part but the last has at least 5 MiB (S3's limit)."""


async def create_upload(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    content_type, metadata = described(request)
    upload = Upload(
        secrets.token_hex(16), request.bucket, request.key, content_type, metadata, store.now_ms()
    )
    await store.change(lambda connection: catalogue.add_upload(connection, upload))
    members = [
        tag("Bucket", request.bucket),
        tag("Key", request.key),
        tag("UploadId", upload.id),
    ]
    return Response(write("InitiateMultipartUploadResult", members), media_type="application/xml")


async def list_uploads(store: Store, request: S3Request) -> Response:
    """All that are in progress below a prefix, in one page: there are never many on one machine."""
    store.bucket(request.bucket)
    prefix = request.query.get("prefix", "")
    members = [
        tag("Bucket", request.bucket),
        tag("Prefix", prefix),
        tag("IsTruncated", "false"),
    ]
    members += [
        tag(
            "Upload",
            [
                tag("Key", upload.key),
                tag("UploadId", upload.id),
                tag("Initiated", timestamp(upload.started_ms)),
            ],
        )
        for upload in store.catalogue.uploads(request.bucket, prefix)
    ]
    return Response(write("ListMultipartUploadsResult", members), media_type="application/xml")


async def upload_part(store: Store, request: S3Request) -> Response:
    text = request.query.get("partNumber", "")
    if not text.isdecimal() or int(text) not in PART_NUMBERS:
        raise S3Error("InvalidArgument", "partNumber is 1 to 10000")
    number = int(text)
    described(request)
    upload = store.catalogue.upload(request.query["uploadId"], request.bucket, request.key)
    blob = await store.receive(
        request,
        request.chunks(),
        # A signed SHA-256 makes as good an ETag; an MD5 beside it takes longer than all else together.
        with_md5=request.md5 is not None or request.sha256 is None,
        with_sha256=request.sha256 is not None,
        on_size=_check_largest,
    )
    await store.commit(
        blob, lambda connection: (None, catalogue.write_part(connection, upload, number, blob))
    )
    return Response(headers={"etag": f'"{blob.etag}"'})


async def complete_upload(store: Store, request: S3Request) -> Response:
    upload_id = request.query["uploadId"]
    wanted = _wanted(await request.document())

    def operation(connection: sqlite3.Connection) -> tuple[StoredObject, list[str]]:
        upload = catalogue.require_upload(connection, upload_id, request.bucket, request.key)
        chosen = _chosen(wanted, catalogue.parts(connection, upload_id))
        new = NewObject(
            upload.bucket,
            upload.key,
            sum(part.size for part in chosen),
            _etag(chosen),
            upload.content_type,
            upload.metadata,
            store.now_ms(),
        )
        stored, orphans = catalogue.complete_upload(connection, upload_id, new, chosen)
        event = "s3:ObjectCreated:CompleteMultipartUpload"
        store.announce(connection, stored, event, request.request_id)
        return stored, orphans

    stored = await store.commit(None, operation)
    members = [
        tag("Location", f"/{stored.bucket}/{stored.key}"),
        tag("Bucket", stored.bucket),
        tag("Key", stored.key),
        tag("ETag", f'"{stored.etag}"'),
    ]
    return Response(write("CompleteMultipartUploadResult", members), media_type="application/xml")


async def abort_upload(store: Store, request: S3Request) -> Response:
    upload_id = request.query["uploadId"]

    def operation(connection: sqlite3.Connection) -> tuple[None, list[str]]:
        catalogue.require_upload(connection, upload_id, request.bucket, request.key)
        return None, catalogue.drop_upload(connection, upload_id)

    await store.commit(None, operation)
    return Response(status_code=204)


def _wanted(body: bytes) -> list[tuple[int, str]]:
    """The numbers and ETags that the client lists."""
    elements = parse(body, "CompleteMultipartUpload").children("Part")
    wanted = []
    for element in elements:
        number = element.text_of("PartNumber")
        if not number.isdecimal():
            raise S3Error("MalformedXML", "a PartNumber is a number")
        wanted.append((int(number), element.text_of("ETag").strip('"')))
    if not wanted:
        raise S3Error("MalformedXML", "there is no Part")
    numbers = [number for number, _ in wanted]
    if numbers != sorted(set(numbers)):
        raise S3Error("InvalidPartOrder", "parts are listed in ascending order")
    return wanted


def _chosen(wanted: list[tuple[int, str]], stored: dict[int, Part]) -> list[Part]:
    chosen = []
    for number, etag in wanted:
        part = stored.get(number)
        if part is None or part.etag != etag:
            raise S3Error("InvalidPart", f"part {number} was not uploaded with this ETag")
        chosen.append(part)
    if any(part.size < SMALLEST_PART for part in chosen[:-1]):
        raise S3Error("EntityTooSmall", f"parts but the last have at least {SMALLEST_PART} bytes")
    return chosen


def _etag(parts: list[Part]) -> str:
    """MD5 of the parts' digests, and their number."""
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def _check_largest(size: int) -> None:
    if size > OBJECT_BYTES:
        raise S3Error("EntityTooLarge", f"a part has at most {OBJECT_BYTES} bytes")
