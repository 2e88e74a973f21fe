"""Multipart uploads: big recordings in parts, sent in any order and more than once."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.platform.stores import Store
from tests.platform.test_s3_objects import code_of

MIB = 2**20
FIRST = hashlib.shake_256(b"first").digest(5 * MIB)
SECOND = hashlib.shake_256(b"second").digest(5 * MIB + 3)
LAST = b"the last part may be small"


def begin(s3: Any, bucket: str, key: str = "recordings/one.webm") -> dict[str, str]:
    created = s3.create_multipart_upload(
        Bucket=bucket, Key=key, ContentType="video/webm", Metadata={"take": "2"}
    )
    return {"Bucket": bucket, "Key": key, "UploadId": created["UploadId"]}


def send(s3: Any, upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
    sent = s3.upload_part(**upload, PartNumber=number, Body=body)
    return {"PartNumber": number, "ETag": sent["ETag"]}


def test_parts_in_any_order_become_one_object(store: Store, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    parts = {}
    for number, body in ((9, LAST), (2, SECOND), (1, b"sent again below"), (1, FIRST)):
        parts[number] = send(s3, upload, number, body)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    listed = {"Parts": [parts[1], parts[2], parts[9]]}
    s3.complete_multipart_upload(**upload, MultipartUpload=listed)
    got = s3.get_object(Bucket=bucket, Key=upload["Key"])
    assert got["Body"].read() == FIRST + SECOND + LAST
    # The pocket store takes the SHA-256 that a part is signed with; where there is none, the MD5.
    digest = hashlib.sha256 if store.name == "pocket" else hashlib.md5
    digests = b"".join(digest(body).digest() for body in (FIRST, SECOND, LAST))
    assert got["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert (got["ContentType"], got["Metadata"]) == ("video/webm", {"take": "2"})


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 9), (5 * MIB - 3, 5 * MIB + 3), (5 * MIB, 5 * MIB), (10 * MIB, 10 * MIB + 20)],
)
def test_ranges_across_parts(s3: Any, bucket: str, first: int, last: int) -> None:
    upload = begin(s3, bucket)
    parts = [send(s3, upload, n, body) for n, body in enumerate((FIRST, SECOND, LAST), start=1)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    got = s3.get_object(Bucket=bucket, Key=upload["Key"], Range=f"bytes={first}-{last}")
    assert got["Body"].read() == (FIRST + SECOND + LAST)[first : last + 1]


def test_only_the_listed_parts_count(store: Store, s3: Any, bucket: str) -> None:
    store.needs("part lists")
    upload = begin(s3, bucket)
    send(s3, upload, 1, FIRST)
    parts = [send(s3, upload, 2, LAST)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key=upload["Key"])["Body"].read() == LAST


def test_an_aborted_upload_is_gone(store: Store, s3: Any, bucket: str) -> None:
    store.needs("aborted uploads")
    upload = begin(s3, bucket)
    part = send(s3, upload, 1, LAST)
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError) as error:
        send(s3, upload, 2, LAST)
    assert code_of(error) == ("NoSuchUpload", 404)
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    assert code_of(error) == ("NoSuchUpload", 404)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_parts_are_listed_in_order(store: Store, s3: Any, bucket: str) -> None:
    store.needs("part lists")
    upload = begin(s3, bucket)
    one, two = send(s3, upload, 1, FIRST), send(s3, upload, 2, LAST)
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [two, one]})
    assert code_of(error) == ("InvalidPartOrder", 400)


def test_unknown_parts_are_refused(store: Store, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    one, two = send(s3, upload, 1, FIRST), send(s3, upload, 2, LAST)
    for parts, code in (
        ([{"PartNumber": 3, "ETag": one["ETag"]}], "InvalidPart"),
        ([{"PartNumber": 1, "ETag": two["ETag"]}], "InvalidPart"),
    ):
        with pytest.raises(ClientError) as error:
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        assert code_of(error) == (code, 400)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [one, two]})


def test_small_parts_are_refused_but_for_the_last(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    parts = [send(s3, upload, number, LAST) for number in (1, 2)]
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert code_of(error) == ("EntityTooSmall", 400)


def test_an_upload_belongs_to_its_key(store: Store, s3: Any, bucket: str) -> None:
    store.needs("refusals")
    upload = begin(s3, bucket)
    with pytest.raises(ClientError) as error:
        send(s3, {**upload, "Key": "another"}, 1, LAST)
    assert code_of(error) == ("NoSuchUpload", 404)


def test_boto_transfers_a_file_both_ways(s3: Any, bucket: str, tmp_path: Path) -> None:
    sent, got = tmp_path / "sent", tmp_path / "got"
    sent.write_bytes(FIRST + SECOND + LAST)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_file(str(sent), bucket, "file", Config=config)
    s3.download_file(bucket, "file", str(got), Config=config)
    assert got.read_bytes() == sent.read_bytes()


def test_parts_without_a_signed_digest(store: Store, bucket: str) -> None:
    s3 = store.client(s3={"addressing_style": "path", "payload_signing_enabled": False})
    upload = begin(s3, bucket)
    parts = [
        send(s3, upload, 1, FIRST),
        {
            "PartNumber": 2,
            "ETag": s3.upload_part(
                **upload,
                PartNumber=2,
                Body=LAST,
                ContentMD5=base64.b64encode(hashlib.md5(LAST).digest()).decode(),
            )["ETag"],
        },
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    digests = b"".join(hashlib.md5(body).digest() for body in (FIRST, LAST))
    got = s3.get_object(Bucket=bucket, Key=upload["Key"])
    assert got["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
