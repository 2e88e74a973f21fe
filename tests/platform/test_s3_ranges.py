"""Ranges: what a video element asks for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.reading import parse_range
from tests.platform.signing import object_url, presigned
from tests.platform.stores import Store

BODY = bytes(range(100))


@pytest.fixture
def url(store: Store, s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    return presigned(store, "GET", object_url(store, bucket, "k"))


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("bytes=0-0", BODY[:1], "bytes 0-0/100"),
        ("bytes=10-19", BODY[10:20], "bytes 10-19/100"),
        ("bytes=90-", BODY[90:], "bytes 90-99/100"),
        ("bytes=90-1000", BODY[90:], "bytes 90-99/100"),
        ("bytes=0-", BODY, "bytes 0-99/100"),
        ("bytes=-7", BODY[-7:], "bytes 93-99/100"),
        ("bytes=-1000", BODY, "bytes 0-99/100"),
    ],
)
def test_a_range(url: str, asked: str, body: bytes, told: str) -> None:
    answer = httpx.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == body
    assert answer.headers["content-range"] == told
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200"])
def test_a_range_outside_is_416(url: str, asked: str) -> None:
    answer = httpx.get(url, headers={"Range": asked})
    assert answer.status_code == 416
    assert "<Code>InvalidRange</Code>" in answer.text


def test_no_range_is_the_whole(url: str) -> None:
    answer = httpx.get(url)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-range" not in answer.headers


def test_head_tells_the_size_of_the_range(store: Store, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    found = s3.head_object(Bucket=bucket, Key="k", Range="bytes=10-19")
    assert found["ContentLength"] == 10
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206


# The pocket store alone: every header is one range within the object, the whole, or 416.
@given(
    st.one_of(st.text(), st.from_regex(r"bytes=\d{0,4}-\d{0,4}(,\d-\d)?", fullmatch=True)),
    st.integers(0, 2000),
)
def test_every_range_header_has_an_answer(header: str, size: int) -> None:
    try:
        span = parse_range(header, size)
    except S3Error as error:
        assert (error.status, error.headers["content-range"]) == (416, f"bytes */{size}")
    else:
        assert span is None or 0 <= span.first < span.end <= size
