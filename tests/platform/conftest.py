"""One store under test for each parameter, and a fresh bucket for each test."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.platform.stack import Stack, running_stack
from tests.platform.stores import CEPH_LACKS, Store, moto_store, named_store, pocket_store

KEYS = ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Ceph, RabbitMQ and PostgreSQL; skips where they cannot be started."""
    with tempfile.TemporaryDirectory(prefix="greenroom-stack-") as folder:
        Path(folder).chmod(
            0o755
        )  # PostgreSQL runs as nobody: pytest's own folders are root's alone
        with running_stack(Path(folder)) as stack:
            yield stack


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest) -> Store:
    """A real store: the one that the environment names, else Ceph as we start it."""
    named = named_store()
    if named is not None:
        return named
    started: Stack = request.getfixturevalue("stack")
    values = (started.environment[f"GREENROOM_STORE__{name}"] for name in KEYS)
    return Store("endpoint", *values, CEPH_LACKS)


@pytest.fixture(scope="module")
def endpoint_https(stack: Stack) -> Iterator[Store]:
    """Ceph over HTTPS, by an authority that nobody but these tests trusts."""
    if named_store() is not None:
        pytest.skip("the environment names the store; whether it is HTTPS, its address says")
    values = (stack.over_tls[f"GREENROOM_STORE__{name}"] for name in KEYS)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
            patch.setenv(name, stack.over_tls[name])
        yield Store("endpoint", *values, CEPH_LACKS)


@pytest.fixture(
    scope="module",
    params=[
        "pocket",
        "moto",
        pytest.param("endpoint", marks=pytest.mark.ceph),
        pytest.param("endpoint_https", marks=pytest.mark.ceph),
    ],
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
            case name:
                yield request.getfixturevalue(name)


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
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=name, Key=item["Key"], VersionId=item["VersionId"])
        for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        s3.delete_bucket(Bucket=name)
