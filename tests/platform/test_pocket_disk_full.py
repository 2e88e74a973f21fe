"""A full disk: a clear refusal, nothing acknowledged lost, and service again when there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.platform.signing import object_url, presigned, signed_form
from tests.platform.stores import Store, pocket_store
from tests.platform.test_pocket_server import files

BUCKET = "conformance"
DISK_MIB = 24
PIECE = b"x" * 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with a real end."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def put(store: Store, key: str, body: bytes) -> httpx.Response:
    return httpx.put(
        presigned(store, "PUT", object_url(store, BUCKET, key)), content=body, timeout=30
    )


@pytest.mark.parametrize("reserve", [0, 4 * 2**20], ids=["to the last byte", "to the reserve"])
def test_a_full_disk_is_survived(small_disk: Path, reserve: int) -> None:
    with pocket_store(small_disk, "--reserve", str(reserve)) as store:
        s3 = store.client()
        s3.create_bucket(Bucket=BUCKET)
        form = signed_form(store, BUCKET, "")
        answers = {
            f"{number:03}": put(store, f"{number:03}", PIECE) for number in range(DISK_MIB + 4)
        }
        kept = [key for key, answer in answers.items() if answer.status_code == 200]
        refused = [answer for answer in answers.values() if answer.status_code != 200]
        assert len(kept) > 10
        assert refused
        for answer in [*refused, form.send(PIECE, key="form")]:
            assert answer.status_code == 507
            assert "<Code>InsufficientStorage</Code>" in answer.text

        # What was acknowledged is whole, what was refused left nothing, and reading goes on.
        assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == kept
        assert len(files(small_disk)) == len(kept)
        for key in kept:
            assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == PIECE

        # Space returns: deleting needs a little itself, which the operator (here: the ballast) gives.
        if reserve == 0:
            files(small_disk)[0].write_bytes(b"")
        for key in kept[:4]:
            s3.delete_object(Bucket=BUCKET, Key=key)
        assert put(store, "again", PIECE).status_code == 200
        assert form.send(PIECE, key="form").status_code == 204
    with pocket_store(small_disk, "--reserve", "0") as store:
        keys = [item["Key"] for item in store.client().list_objects_v2(Bucket=BUCKET)["Contents"]]
        assert keys == [*kept[4:], "again", "form"]
