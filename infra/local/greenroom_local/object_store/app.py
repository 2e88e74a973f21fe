"""The ASGI app: which operation a request is, its signature, its answer or S3's error in XML."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from greenroom.clock import Clock, now_utc
from greenroom_local.object_store import buckets, cors, listing, multipart, reading, writing
from greenroom_local.object_store.commits import as_s3_error
from greenroom_local.object_store.errors import S3Error, not_spoken
from greenroom_local.object_store.request import ClientGone, S3Request
from greenroom_local.object_store.settings import StoreSettings
from greenroom_local.object_store.store import Store

HEALTH_PATH = "/-/health"
"""No bucket's name is that short."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """What a method and a sub-resource mean. `query` names the parameters it understands."""

    run: Callable[[Store, S3Request], Awaitable[Response]]
    query: frozenset[str] = frozenset()


_LISTING = frozenset(
    {"list-type", "prefix", "delimiter", "continuation-token", "start-after", "max-keys"}
    | {"encoding-type", "fetch-owner"}
)
_SIGNATURE = frozenset(
    {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"}
    | {"X-Amz-Signature", "x-id"}
)
_SUBRESOURCES = ("cors", "notification", "versions", "uploads", "uploadId")

# (method, bucket or object, sub-resource)
OPERATIONS = {
    ("PUT", "bucket", ""): Operation(buckets.create_bucket),
    ("HEAD", "bucket", ""): Operation(buckets.head_bucket),
    ("GET", "bucket", ""): Operation(listing.list_objects, _LISTING),
    ("GET", "bucket", "versions"): Operation(
        listing.list_versions,
        frozenset({"prefix", "key-marker", "version-id-marker", "max-keys", "encoding-type"}),
    ),
    ("GET", "bucket", "uploads"): Operation(multipart.list_uploads, frozenset({"prefix"})),
    ("POST", "bucket", ""): Operation(writing.post_object),
    ("PUT", "bucket", "cors"): Operation(buckets.put_cors),
    ("GET", "bucket", "cors"): Operation(buckets.get_cors),
    ("PUT", "bucket", "notification"): Operation(buckets.put_notifications),
    ("GET", "bucket", "notification"): Operation(buckets.get_notifications),
    ("PUT", "object", ""): Operation(writing.put_object),
    ("GET", "object", ""): Operation(reading.get_object),
    ("HEAD", "object", ""): Operation(reading.get_object),
    ("DELETE", "object", ""): Operation(writing.delete_object, frozenset({"versionId"})),
    ("POST", "object", "uploads"): Operation(multipart.create_upload),
    ("PUT", "object", "uploadId"): Operation(multipart.upload_part, frozenset({"partNumber"})),
    ("POST", "object", "uploadId"): Operation(multipart.complete_upload),
    ("DELETE", "object", "uploadId"): Operation(multipart.abort_upload),
}


class Endpoint:
    """Everything but the health path. A request is refused before its body is read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._run = secrets.token_hex(6)
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response, request_id = await self._answer(scope, receive)
        except ClientGone:
            return
        response.headers["x-amz-request-id"] = request_id
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Response, str]:
        request_id = f"{self._run}{next(self._numbers):x}"
        request = S3Request(scope, receive, request_id, self._store.settings.stall_s)
        try:
            response = await self._respond(request)
        except (OSError, sqlite3.Error) as error:
            _log.exception("%s %s failed", request.method, request.path)
            response = _error_response(as_s3_error(error), request)
        except S3Error as error:
            response = _error_response(error, request)
        if request.body_withheld:
            response.headers["connection"] = "close"
        for name, value in self._cors_headers(request).items():
            response.headers[name] = value
        return response, request.request_id

    async def _respond(self, request: S3Request) -> Response:
        request.parse_key()
        if request.method == "OPTIONS":
            bucket = self._store.bucket(request.bucket)
            return Response(headers=cors.preflight(bucket.cors, request.headers))
        # A form's permission is in its body; everything else is signed, even what is not spoken here.
        if not (request.method == "POST" and request.bucket and not request.key):
            request.payload_hash = self._store.signatures.verify(
                request.signed(), self._store.clock()
            )
        return await _operation(request).run(self._store, request)

    def _cors_headers(self, request: S3Request) -> dict[str, str]:
        """For the page that asked: also on errors, or it could not read them."""
        bucket = self._store.buckets.get(request.bucket)
        if bucket is None or request.method == "OPTIONS" or "origin" not in request.headers:
            return {}
        return cors.headers_for(bucket.cors, request.headers["origin"], request.method, []) or {}


def create_app(settings: StoreSettings, clock: Clock = now_utc) -> Starlette:
    """The pocket object store as an ASGI app. The folder is opened when the app starts."""
    store = Store(settings, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        store.open()
        try:
            yield
        finally:
            store.close()

    async def health(_: object) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route(HEALTH_PATH, health, methods=["GET"]),
            Route("/{path:path}", Endpoint(store)),
        ],
        lifespan=lifespan,
    )


def _operation(request: S3Request) -> Operation:
    if not request.bucket:
        raise not_spoken("requests without a bucket")
    level = "object" if request.key else "bucket"
    subresource = next((name for name in _SUBRESOURCES if name in request.query), "")
    operation = OPERATIONS.get((request.method, level, subresource))
    if operation is None:
        raise not_spoken(f"{request.method} of a {level} {subresource}".rstrip())
    unknown = set(request.query) - operation.query - _SIGNATURE - {subresource}
    if unknown:
        raise not_spoken(f"the parameter {', '.join(sorted(unknown))}")
    return operation


def _error_response(error: S3Error, request: S3Request) -> Response:
    return Response(
        error.document(request.path, request.request_id),
        error.status,
        error.headers,
        "application/xml",
    )
