"""Buckets: creating them, and who may use them from a page (CORS) or hear of them (notifications)."""

from __future__ import annotations

import re

from starlette.responses import Response

from greenroom_local.object_store import catalogue, cors, notifications
from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.request import S3Request
from greenroom_local.object_store.store import Store

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


async def create_bucket(store: Store, request: S3Request) -> Response:
    """200 also when the bucket is there already, as Ceph and AWS's first region answer its owner."""
    await request.document()
    if not _NAME.fullmatch(request.bucket) or ".." in request.bucket:
        raise S3Error("InvalidBucketName", "3 to 63 of a-z, 0-9, dot and hyphen")
    await store.configure(lambda connection: catalogue.add_bucket(connection, request.bucket))
    return Response(headers={"location": f"/{request.bucket}"})


async def head_bucket(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    return Response()


async def put_cors(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    rules = cors.rules_to_json(cors.rules_from_xml(await request.document()))
    await store.configure(lambda connection: catalogue.set_cors(connection, request.bucket, rules))
    return Response()


async def get_cors(store: Store, request: S3Request) -> Response:
    rules = store.bucket(request.bucket).cors
    if not rules:
        raise S3Error("NoSuchCORSConfiguration", "the bucket has no CORS configuration")
    return Response(cors.rules_to_xml(rules), media_type="application/xml")


async def put_notifications(store: Store, request: S3Request) -> Response:
    store.bucket(request.bucket)
    rules = notifications.rules_to_json(notifications.rules_from_xml(await request.document()))
    await store.configure(
        lambda connection: catalogue.set_notifications(connection, request.bucket, rules)
    )
    return Response()


async def get_notifications(store: Store, request: S3Request) -> Response:
    rules = store.bucket(request.bucket).notifications
    return Response(notifications.rules_to_xml(rules), media_type="application/xml")
