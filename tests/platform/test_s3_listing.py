"""ListObjectsV2: order, folding, pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_local.database import connect
from greenroom_local.object_store import catalogue
from greenroom_local.object_store.listing import page_of
from tests.platform.stores import Store

KEYS = ["a", "a/1", "a/2", "a/b/1", "a/b/2", "a+b c", "b/x", "c", "ä/1", "🎥", "Z"]


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"123")
    return bucket


def names(page: dict[str, Any]) -> tuple[list[str], list[str]]:
    keys = [item["Key"] for item in page.get("Contents", [])]
    return keys, [item["Prefix"] for item in page.get("CommonPrefixes", [])]


def test_all_keys_in_the_order_of_their_bytes(s3: Any, filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled)
    assert names(page) == (sorted(KEYS, key=str.encode), [])
    assert page["KeyCount"] == len(KEYS)
    assert page["IsTruncated"] is False
    assert {item["Size"] for item in page["Contents"]} == {3}


def test_prefix_and_delimiter(s3: Any, filled: str) -> None:
    assert names(s3.list_objects_v2(Bucket=filled, Prefix="a/"))[0] == KEYS[1:5]
    assert names(s3.list_objects_v2(Bucket=filled, Prefix="a/", Delimiter="/")) == (
        ["a/1", "a/2"],
        ["a/b/"],
    )
    assert names(s3.list_objects_v2(Bucket=filled, Delimiter="/")) == (
        ["Z", "a", "a+b c", "c", "🎥"],
        ["a/", "b/", "ä/"],
    )
    assert s3.list_objects_v2(Bucket=filled, Prefix="none")["KeyCount"] == 0


def test_start_after(s3: Any, filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, StartAfter="a/2", Prefix="a/")
    assert names(page)[0] == ["a/b/1", "a/b/2"]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_are_the_whole(s3: Any, filled: str, size: int, delimiter: str) -> None:
    arguments = {"Bucket": filled, "MaxKeys": size} | ({"Delimiter": "/"} if delimiter else {})
    whole = names(s3.list_objects_v2(**{**arguments, "MaxKeys": 1000}))
    keys: list[str] = []
    prefixes: list[str] = []
    page = s3.list_objects_v2(**arguments)
    while True:
        assert page["KeyCount"] <= size
        found = names(page)
        keys += found[0]
        prefixes += found[1]
        if not page["IsTruncated"]:
            break
        page = s3.list_objects_v2(**arguments, ContinuationToken=page["NextContinuationToken"])
    assert (keys, prefixes) == whole


def test_no_keys_asked_for(store: Store, s3: Any, filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)


# The pocket store alone, against the plainest description of what a listing is.
_key = st.text(st.sampled_from("a/b+ü\U0010ffff\ud7ff"), min_size=1, max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.sets(_key, max_size=12),
    prefix=st.text(st.sampled_from("a/ü"), max_size=2),
    delimiter=st.sampled_from(["", "/", "a", "\U0010ffff"]),
    after=st.one_of(st.just(""), _key),
    size=st.integers(1, 4),
)
def test_pages_equal_a_plain_listing(
    tmp_path: Path, keys: set[str], prefix: str, delimiter: str, after: str, size: int
) -> None:
    connection = connect(tmp_path)
    connection.executescript(catalogue.SCHEMA + "DELETE FROM objects;")
    connection.executemany(
        "INSERT INTO objects (bucket, key, size, etag, content_type, metadata, modified_ms)"
        " VALUES ('b', ?, 0, '', '', '{}', 0)",
        [(key,) for key in keys],
    )
    expected: list[str] = []
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix) and key > after:
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = key if end < 0 else key[: end + len(delimiter)]
            if entry not in expected and not (end >= 0 and entry == after):
                expected.append(entry)
    found: list[str] = []
    reading = catalogue.Catalogue(connection)
    truncated = True
    while truncated:
        page = page_of(reading, "b", prefix, delimiter, after, size)
        assert len(page) <= size
        found += sorted([stored.key for stored in page.objects] + page.prefixes, key=str.encode)
        truncated, after = page.truncated, page.last
    connection.close()
    assert found == expected
