"""Finding and removing all that a bucket holds below a prefix: versions, delete markers, unfinished uploads."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.adapters.object_store import ObjectStore
from tests.platform.stores import Store
from tests.platform.test_s3_multipart import FIRST, begin, send

PREFIX = "recordings/itv_a/"


@pytest.fixture
def greenrooms(store: Store, bucket: str) -> ObjectStore:
    """The store as the product uses it."""
    return ObjectStore(
        bucket=bucket, endpoint=store.url, access_key=store.access_key, secret_key=store.secret_key
    )


def kinds(greenrooms: ObjectStore, prefix: str = PREFIX) -> list[tuple[str, str]]:
    return sorted((item.kind, item.key) for item in greenrooms.held(prefix))


def test_objects_and_unfinished_uploads_below_a_prefix_and_no_others(
    s3: Any, bucket: str, greenrooms: ObjectStore
) -> None:
    for key in (
        "recordings/itv_a/1",
        "recordings/itv_a/2",
        "recordings/itv_b/1",
        "recordings/itv_a",
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=b"bytes")
    for key in ("recordings/itv_a/3", "recordings/itv_b/3"):
        send(s3, begin(s3, bucket, key), 1, FIRST)
    assert kinds(greenrooms) == [
        ("upload", "recordings/itv_a/3"),
        ("version", "recordings/itv_a/1"),
        ("version", "recordings/itv_a/2"),
    ]
    for _ in range(2):
        for item in list(greenrooms.held(PREFIX)):
            greenrooms.remove(item)
        assert kinds(greenrooms) == []
    assert kinds(greenrooms, "recordings/itv_b/") == [
        ("upload", "recordings/itv_b/3"),
        ("version", "recordings/itv_b/1"),
    ]


def test_removing_twice_is_no_error(s3: Any, bucket: str, greenrooms: ObjectStore) -> None:
    s3.put_object(Bucket=bucket, Key=f"{PREFIX}1", Body=b"bytes")
    begin(s3, bucket, f"{PREFIX}2")
    for item in list(greenrooms.held(PREFIX)):
        greenrooms.remove(item)
        if item.kind == "version":
            greenrooms.remove(item)
    assert kinds(greenrooms) == []


def test_every_version_and_every_delete_marker_goes(
    store: Store, s3: Any, bucket: str, greenrooms: ObjectStore
) -> None:
    if store.name == "pocket":
        pytest.skip("the pocket store keeps no versions")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key=f"{PREFIX}1", Body=body)
    s3.delete_object(Bucket=bucket, Key=f"{PREFIX}1")
    s3.put_object(Bucket=bucket, Key=f"{PREFIX}1", Body=b"third")
    assert [kind for kind, _ in kinds(greenrooms)] == ["delete_marker", *["version"] * 3]
    for item in list(greenrooms.held(PREFIX)):
        greenrooms.remove(item)
    assert kinds(greenrooms) == []
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
