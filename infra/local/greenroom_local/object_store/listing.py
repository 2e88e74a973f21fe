"""ListObjectsV2: a bucket's keys in order, folded at a delimiter, a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.responses import Response

from greenroom_local.object_store.catalogue import Catalogue, StoredObject
from greenroom_local.object_store.documents import tag, timestamp, write
from greenroom_local.object_store.errors import S3Error, not_spoken
from greenroom_local.object_store.request import KEY_BYTES, S3Request
from greenroom_local.object_store.store import Store

PAGE = 1000
ONLY_VERSION = "null"
"""The id of an object that was written to a bucket without versioning, as S3 names it."""


@dataclass
class Page:
    """`last` is the last key or common prefix on the page: the next one starts beyond it."""

    objects: list[StoredObject] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""

    def __len__(self) -> int:
        return len(self.objects) + len(self.prefixes)


async def list_objects(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    query = request.query
    if query.get("list-type") != "2":
        raise not_spoken("ListObjects version 1; ask with list-type=2")
    size = query.get("max-keys", str(PAGE))
    if not size.isdecimal():
        raise S3Error("InvalidArgument", "max-keys is a number")
    encoding, text = _encoding(query)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    token = query.get("continuation-token")
    after = _decoded(token) if token is not None else query.get("start-after", "")
    page = page_of(store.catalogue, request.bucket, prefix, delimiter, after, min(int(size), PAGE))

    members = [
        tag("Name", request.bucket),
        tag("Prefix", text(prefix)),
        tag("KeyCount", len(page)),
        tag("MaxKeys", int(size)),
        tag("IsTruncated", "true" if page.truncated else "false"),
    ]
    if delimiter:
        members.append(tag("Delimiter", text(delimiter)))
    if encoding:
        members.append(tag("EncodingType", encoding))
    if token is not None:
        members.append(tag("ContinuationToken", token))
    if "start-after" in query:
        members.append(tag("StartAfter", text(query["start-after"])))
    if page.truncated:
        members.append(tag("NextContinuationToken", _encoded(page.last)))
    members += [tag("Contents", _contents(stored, text(stored.key))) for stored in page.objects]
    members += [tag("CommonPrefixes", [tag("Prefix", text(common))]) for common in page.prefixes]
    return Response(write("ListBucketResult", members), media_type="application/xml")


async def list_versions(store: Store, request: S3Request) -> Response:
    """ListObjectVersions of a bucket that keeps none: each object is its only version, `null`."""
    store.bucket(request.bucket)
    query = request.query
    size = query.get("max-keys", str(PAGE))
    if not size.isdecimal():
        raise S3Error("InvalidArgument", "max-keys is a number")
    prefix, after = query.get("prefix", ""), query.get("key-marker", "")
    page = page_of(store.catalogue, request.bucket, prefix, "", after, min(int(size), PAGE))
    encoding, text = _encoding(query)
    members = [
        tag("Name", request.bucket),
        tag("Prefix", text(prefix)),
        tag("KeyMarker", text(after)),
        tag("MaxKeys", int(size)),
        tag("IsTruncated", "true" if page.truncated else "false"),
    ]
    if encoding:
        members.append(tag("EncodingType", encoding))
    if page.truncated:
        members += [tag("NextKeyMarker", text(page.last)), tag("NextVersionIdMarker", ONLY_VERSION)]
    members += [
        tag(
            "Version",
            [
                tag("VersionId", ONLY_VERSION),
                tag("IsLatest", "true"),
                *_contents(stored, text(stored.key)),
            ],
        )
        for stored in page.objects
    ]
    return Response(write("ListVersionsResult", members), media_type="application/xml")


def page_of(
    catalogue: Catalogue, bucket: str, prefix: str, delimiter: str, after: str, size: int
) -> Page:
    """One page of keys beyond `after`. A common prefix counts as one and is skipped over at once."""
    page = Page(last=after)
    inclusive = False
    if delimiter and after:
        # A page that ended with a common prefix goes on behind everything below it.
        common = _common(after, prefix, delimiter)
        if common is not None and common == after:
            after, inclusive = _beyond(common), True
    while size > 0:
        for stored in catalogue.after(bucket, prefix, after, inclusive=inclusive):
            if len(page) == size:
                page.truncated = True
                return page
            common = _common(stored.key, prefix, delimiter) if delimiter else None
            if common is not None:
                page.prefixes.append(common)
                page.last = common
                after, inclusive = _beyond(common), True
                break
            page.objects.append(stored)
            page.last = stored.key
        else:
            return page
    return page


def _encoding(query: Mapping[str, str]) -> tuple[str, Callable[[str], str]]:
    """The encoding that was asked for, "" for none, and how it writes a key."""
    asked = query.get("encoding-type", "")
    if asked not in {"", "url"}:
        raise S3Error("InvalidArgument", "the only encoding-type is url")
    return asked, quote if asked else str


def _common(key: str, prefix: str, delimiter: str) -> str | None:
    """The part of a key up to the first delimiter behind the prefix."""
    if not key.startswith(prefix):
        return None
    end = key.find(delimiter, len(prefix))
    return key[: end + len(delimiter)] if end >= 0 else None


def _beyond(prefix: str) -> str:
    """The first text behind everything that starts with `prefix`, in the order of UTF-8."""
    while prefix and prefix[-1] == "\U0010ffff":
        prefix = prefix[:-1]
    if not prefix:
        return "\U0010ffff" * KEY_BYTES  # behind every key
    following = ord(prefix[-1]) + 1
    # U+D800 to U+DFFF are no characters.
    return prefix[:-1] + chr(0xE000 if following == 0xD800 else following)


def _contents(stored: StoredObject, key: str) -> list[str]:
    return [
        tag("Key", key),
        tag("LastModified", timestamp(stored.modified_ms)),
        tag("ETag", f'"{stored.etag}"'),
        tag("Size", stored.size),
        tag("StorageClass", "STANDARD"),
    ]


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (ValueError, binascii.Error) as error:
        raise S3Error("InvalidArgument", "not a continuation token of this store") from error
