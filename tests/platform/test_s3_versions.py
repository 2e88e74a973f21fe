"""Finding and removing all that a bucket holds below a prefix: versions, delete markers, unfinished uploads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.clock import now_utc
from greenroom.runtime.erasing import Erasing, ask
from greenroom.runtime.settings import ErasureSettings
from tests.erasable import ERASED, HR, two_candidates
from tests.platform.stores import Store
from tests.platform.test_s3_multipart import FIRST, begin, send
from tests.seeded import ERASURE_KEY

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


def test_earlier_versions_go_alone_or_with_the_object(
    store: Store, s3: Any, bucket: str, greenrooms: ObjectStore
) -> None:
    if store.name != "pocket":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("reports/one", "reports/one.more"):
        for body in (b"first", b"second"):
            greenrooms.put(key, body)
    greenrooms.delete_earlier("reports/one")
    assert [
        item.latest for item in greenrooms.held("reports/one") if item.key == "reports/one"
    ] == [True]
    assert greenrooms.get("reports/one") == b"second"
    greenrooms.delete("reports/one", every_version=True)
    assert {item.key for item in greenrooms.held("reports/")} == {"reports/one.more"}
    assert greenrooms.get("reports/one.more") == b"second"


def test_an_erased_candidate_is_in_no_version_of_anything(
    store: Store, s3: Any, bucket: str, greenrooms: ObjectStore, tmp_path: Path
) -> None:
    if store.name != "pocket":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    database = Database(f"sqlite:///{tmp_path}/greenroom.sqlite")
    database.migrate()
    erased, kept = two_candidates(database, greenrooms)
    for item in list(greenrooms.listing("")):
        greenrooms.put(item.key, greenrooms.get(item.key))  # once more: two versions of all
    greenrooms.delete(f"identity/{erased}/card")
    begin(s3, bucket, f"recordings/{erased}/sheet/1/screen.webm")
    others = {(item.key, item.id) for item in greenrooms.held("") if kept in item.key}
    with database.begin() as tx:
        erasure = ask(tx, f"c-{ERASED}", HR).id
    erasing = Erasing(database, greenrooms, ErasureSettings(key=ERASURE_KEY), now_utc)
    assert erasing.run(erasure).certificate is None
    with database.begin() as tx:
        tx.process_log.mark_published([(erased, tx.process_log.list(erased)[0].seq)])
    signed = erasing.run(erasure).certificate
    assert signed is not None
    assert signed.certificate.left == []
    removed = {one.prefix: one for one in signed.certificate.objects}
    assert removed["recordings/"].uploads == 1
    if store.name != "pocket":
        identity = removed["identity/"]
        assert (identity.versions, identity.delete_markers) == (2, 1)
    for item in greenrooms.held(""):
        assert erased not in item.key
        version = {} if store.name == "pocket" else {"VersionId": item.id}
        found = s3.get_object(Bucket=bucket, Key=item.key, **version)["Body"].read()
        assert ERASED not in found.decode(errors="replace"), item
    assert {(item.key, item.id) for item in greenrooms.held("") if kept in item.key} == others
    database.close()
