"""Objects: what is put is what is got, and nothing else is accepted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.platform.signing import header_signed, object_url, presigned
from tests.platform.stores import Store

KEYS = [
    "plain",
    "uploads/a/b/c.webm",
    "with space+plus%percent&amp;?#=.webm",
    "ünïcödé/面试/🎥.webm",
    "../../../etc/passwd",
    "a//b/./c/..",
    "quote'\"<>\\|*:",
    "x" * 1024,
]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response: dict[str, Any] = error.value.response  # type: ignore[assignment]
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_keeps_its_bytes(s3: Any, bucket: str, key: str) -> None:
    body = key.encode() * 3
    put = s3.put_object(Bucket=bucket, Key=key, Body=body)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == body
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_type_and_metadata_are_kept(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"12345",
        ContentType="video/webm; codecs=vp8",
        Metadata={"session": "42", "two-words": "a b"},
    )
    for found in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert found["ContentType"] == "video/webm; codecs=vp8"
        assert found["ContentLength"] == 5
        assert found["Metadata"] == {"session": "42", "two-words": "a b"}
        assert found["AcceptRanges"] == "bytes"
        assert found["LastModified"].tzinfo is not None


def test_an_empty_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    got = s3.get_object(Bucket=bucket, Key="empty")
    assert got["Body"].read() == b""
    assert got["ContentLength"] == 0
    assert got["ETag"] == f'"{hashlib.md5(b"").hexdigest()}"'


def test_several_megabytes_survive(s3: Any, bucket: str) -> None:
    body = hashlib.shake_256(b"video").digest(3 * 2**20 + 17)
    s3.put_object(Bucket=bucket, Key="big", Body=body)
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == body


def test_the_last_write_wins(s3: Any, bucket: str) -> None:
    for body in (b"first, and longer", b"second"):
        s3.put_object(Bucket=bucket, Key="k", Body=body, ContentType=f"text/{len(body)}")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentType"]) == (b"second", "text/6")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_delete_is_idempotent(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(2):
        answer = s3.delete_object(Bucket=bucket, Key="k")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key="k")
    assert code_of(error) == ("NoSuchKey", 404)


def test_missing_things_are_404(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=bucket, Key="none")
    assert code_of(error) == ("404", 404)
    with pytest.raises(ClientError) as error:
        s3.head_bucket(Bucket="no-such-bucket-here")
    assert code_of(error) == ("404", 404)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="no-such-bucket-here", Key="k", Body=b"x")
    assert code_of(error) == ("NoSuchBucket", 404)


def test_a_bucket_can_be_made_twice_by_its_owner(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.create_bucket(Bucket=bucket)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 1


def test_a_key_has_at_most_1024_bytes(store: Store, s3: Any, bucket: str) -> None:
    store.needs("refusals")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="ü" * 512 + "x", Body=b"x")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_wrong_content_md5_is_refused(store: Store, s3: Any, bucket: str) -> None:
    right = base64.b64encode(hashlib.md5(b"body").digest()).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ContentMD5=right)
    store.needs("refusals")
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"changed", ContentMD5=wrong)
    assert code_of(error) == ("BadDigest", 400)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"


def test_a_body_that_is_not_the_signed_one_is_refused(store: Store, s3: Any, bucket: str) -> None:
    store.needs("signatures")
    url = object_url(store, bucket, "k")
    headers = header_signed(store, "PUT", url, b"what was signed")
    answer = httpx.put(url, content=b"what was sent..", headers=headers)
    assert answer.status_code == 400
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in answer.text
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_unsigned_payload_is_accepted_when_declared(store: Store, s3: Any, bucket: str) -> None:
    url = object_url(store, bucket, "k")
    headers = header_signed(store, "PUT", url, unsigned_payload=True)
    assert headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert httpx.put(url, content=b"any", headers=headers).status_code == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"any"


def test_presigned_put_and_get(store: Store, s3: Any, bucket: str) -> None:
    url = object_url(store, bucket, "a b/ü")
    sent = httpx.put(presigned(store, "PUT", url), content=b"hello")
    assert sent.status_code == 200, sent.text
    assert httpx.get(presigned(store, "GET", url)).content == b"hello"
    ours = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü"})
    assert httpx.get(ours).content == b"hello"


def test_conditional_reads(store: Store, s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"body")["ETag"]
    url = presigned(store, "GET", object_url(store, bucket, "k"))
    assert httpx.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert httpx.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert httpx.get(url, headers={"If-Match": etag}).status_code == 200
    assert httpx.get(url, headers={"If-Match": '"other"'}).status_code == 412


def test_errors_are_s3_xml(store: Store, bucket: str) -> None:
    url = presigned(store, "GET", object_url(store, bucket, "none"))
    answer = httpx.get(url)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/xml"
    assert "<Error>" in answer.text
    assert "<Code>NoSuchKey</Code>" in answer.text
