"""One store under test for each parameter, and a fresh bucket for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.platform.stores import Store, endpoint_store, moto_store, pocket_store


@pytest.fixture(
    scope="module",
    params=["pocket", "moto", pytest.param("endpoint", marks=pytest.mark.ceph)],
)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    with ExitStack() as stack:
        match request.param:
            case "pocket":
                yield stack.enter_context(pocket_store(tmp_path_factory.mktemp("pocket")))
            case "moto":
                yield stack.enter_context(moto_store())
            case "endpoint":
                yield endpoint_store()


@pytest.fixture(scope="module")
def s3(store: Store) -> Any:
    return store.client()


@pytest.fixture
def bucket(store: Store, s3: Any) -> Iterator[str]:
    """A new bucket; emptied and deleted again where it is not thrown away with its folder."""
    name = f"conformance-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    if store.name == "endpoint":
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=name, Key=item["Key"])
        for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        s3.delete_bucket(Bucket=name)
