"""The pocket store's server: its folder, its start, its manners on the wire."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.platform.signing import object_url, presigned, signed_form
from tests.platform.stores import (
    ACCESS_KEY,
    SECRET_KEY,
    PocketServer,
    Store,
    pocket_store,
    start_pocket,
)
from tests.platform.test_s3_objects import code_of

BUCKET = "conformance"


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pocket_store(tmp_path_factory.mktemp("pocket")) as store:
        store.client().create_bucket(Bucket=BUCKET)
        yield store


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def test_health_needs_no_signature(pocket: Store) -> None:
    assert httpx.get(f"{pocket.url}/-/health").text == "ok"


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    with pocket_store(tmp_path) as store:
        s3 = store.client()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"kept", Metadata={"a": "b"})
        rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    with pocket_store(tmp_path) as store:
        s3 = store.client()
        got = s3.get_object(Bucket=BUCKET, Key="k")
        assert (got["Body"].read(), got["Metadata"]) == (b"kept", {"a": "b"})
        assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]


def test_one_folder_is_served_once(pocket: Store) -> None:
    assert pocket.folder is not None
    second = subprocess.run(
        [sys.executable, "-m", "greenroom_local.object_store", "--data", str(pocket.folder)],
        env={
            **os.environ,
            "GREENROOM_STORE_ACCESS_KEY": ACCESS_KEY,
            "GREENROOM_STORE_SECRET_KEY": SECRET_KEY,
        },
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode != 0
    assert "another store serves" in second.stderr


def test_no_keys_no_store(tmp_path: Path) -> None:
    names = ("GREENROOM_STORE_ACCESS_KEY", "GREENROOM_STORE_SECRET_KEY")
    started = subprocess.run(
        [sys.executable, "-m", "greenroom_local.object_store", "--data", str(tmp_path)],
        env={name: value for name, value in os.environ.items() if name not in names},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert started.returncode == 2
    assert "GREENROOM_STORE_SECRET_KEY" in started.stderr


def test_what_is_replaced_or_deleted_leaves_the_disk(tmp_path: Path) -> None:
    server = start_pocket(tmp_path)
    s3 = server.store.client()
    s3.create_bucket(Bucket=BUCKET)
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=BUCKET, Key="k", Body=body)
    upload = {"Bucket": BUCKET, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    s3.upload_part(**upload, PartNumber=1, Body=b"part")
    s3.abort_multipart_upload(**upload)
    server.stop()
    assert [path.read_bytes() for path in files(tmp_path)] == [b"3"]


def test_what_nobody_owns_is_swept_at_the_start(tmp_path: Path) -> None:
    with pocket_store(tmp_path) as store:
        s3 = store.client()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"owned")
    (owned,) = files(tmp_path)
    (owned.parent / "orphan").write_bytes(b"half an upload")
    old = tmp_path / "blobs" / "2020010100"
    old.mkdir()
    (old / "orphan").write_bytes(b"another")
    with pocket_store(tmp_path) as store:
        assert files(tmp_path) == [owned]
        assert not old.exists()
        assert store.client().get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"owned"


def test_no_key_is_a_path(pocket: Store) -> None:
    assert pocket.folder is not None
    before = {path.name for path in pocket.folder.iterdir()}
    for key in ("../../escaped", "/etc/escaped", "..", "a/../../../escaped"):
        signed = presigned(pocket, "PUT", object_url(pocket, BUCKET, key))
        host, _, target = signed.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=30)  # as sent: httpx resolves dots
        connection.request("PUT", f"/{target}", b"x")
        assert connection.getresponse().status == 200
        connection.close()
    assert {path.name for path in pocket.folder.iterdir()} == before
    assert not list(pocket.folder.parent.glob("**/escaped"))


@pytest.mark.parametrize("target", ["/%ff%fe", "/conformance/%ff", "/conformance/" + "x" * 3000])
def test_what_is_no_key_is_refused(pocket: Store, target: str) -> None:
    assert httpx.get(pocket.url + target).status_code in {400, 403}


def test_a_hostile_name_cannot_be_a_bucket(pocket: Store) -> None:
    for name in ("..", "-", "a", "UPPER", "a..b", "x" * 64):
        url = f"{pocket.url}/{name}"
        answer = httpx.put(presigned(pocket, "PUT", url))
        assert 400 <= answer.status_code < 500, name


def test_what_is_not_spoken_says_so(pocket: Store) -> None:
    s3 = pocket.client()
    for call in (
        s3.list_buckets,
        lambda: s3.list_objects(Bucket=BUCKET),
        lambda: s3.get_bucket_policy(Bucket=BUCKET),
        lambda: s3.copy_object(Bucket=BUCKET, Key="a", CopySource=f"{BUCKET}/b"),
        lambda: s3.put_object(Bucket=BUCKET, Key="a", Body=b"", IfNoneMatch="*"),
        lambda: s3.put_object(Bucket=BUCKET, Key="a", Body=b"", ContentEncoding="gzip"),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert code_of(error) == ("NotImplemented", 501)


def test_a_refusal_before_the_body_keeps_the_connection_sound(pocket: Store) -> None:
    """A client that waited for 100 Continue and got a refusal does not send its body."""
    s3 = pocket.client()
    for _ in range(3):
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"x" * 100)
        assert code_of(error) == ("NoSuchBucket", 404)
        s3.head_bucket(Bucket=BUCKET)


def test_metadata_cannot_smuggle_a_header(pocket: Store) -> None:
    form = signed_form(pocket, BUCKET, "meta/", [["starts-with", "$x-amz-meta-a", ""]])
    answer = form.send(b"x", x_amz_meta_a="1\r\nSet-Cookie: a=b")
    assert answer.status_code == 400
    assert pocket.client().list_objects_v2(Bucket=BUCKET, Prefix="meta/")["KeyCount"] == 0


def test_too_many_field_bytes_are_refused(pocket: Store) -> None:
    form = signed_form(pocket, BUCKET, "fields/")
    answer = form.send(b"x", x_ignore_a="y" * 21_000)
    assert answer.status_code == 400
    assert "<Code>MalformedPOSTRequest</Code>" in answer.text


def test_an_upload_cut_off_leaves_nothing(pocket: Store) -> None:
    assert pocket.folder is not None
    before = len(files(pocket.folder))
    url = httpx.URL(presigned(pocket, "PUT", object_url(pocket, BUCKET, "cut")))
    with socket.create_connection((url.host, url.port or 80)) as connection:
        head = f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 500_000)
    # The next answer comes from the same loop, after it has seen the connection go.
    s3 = pocket.client()
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="cut")
    assert len(files(pocket.folder)) == before


def test_memory_stays_flat(pocket_process: PocketServer, tmp_path: Path) -> None:
    """A recording many times the allowance goes through both ways."""
    store = pocket_process.store
    piece = hashlib.shake_256(b"video").digest(1 << 20)

    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield piece

    before = resident_mib(pocket_process.process.pid)
    url = object_url(store, BUCKET, "big")
    headers = {"Content-Length": str(200 << 20)}
    answer = httpx.put(presigned(store, "PUT", url), content=pieces(), headers=headers, timeout=60)
    assert answer.status_code == 200
    digest = hashlib.sha256()
    with httpx.stream("GET", presigned(store, "GET", url), timeout=60) as stream:
        for chunk in stream.iter_bytes():
            digest.update(chunk)
    assert digest.digest() == hashlib.sha256(piece * 200).digest()
    assert peak_mib(pocket_process.process.pid) - before < 40


@pytest.fixture
def pocket_process(tmp_path: Path) -> Iterator[PocketServer]:
    server = start_pocket(tmp_path / "data")
    server.store.client().create_bucket(Bucket=BUCKET)
    yield server
    server.stop()


def resident_mib(pid: int) -> int:
    return _status(pid, "VmRSS")


def peak_mib(pid: int) -> int:
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines: dict[str, Any] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(lines[name].split()[0]) // 1024
