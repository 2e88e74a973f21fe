"""CORS: pages of the portal's origin may upload and play; others' may not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.platform.signing import object_url, presigned, signed_form
from tests.platform.stores import Store
from tests.platform.test_s3_objects import code_of

PORTAL = "https://interviews.example.org"
RULES = [
    {
        "AllowedOrigins": [PORTAL, "https://*.example.net"],
        "AllowedMethods": ["GET", "POST", "HEAD"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3600,
    }
]


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    return bucket


def preflight(
    store: Store, bucket: str, origin: str, method: str, asked: str = ""
) -> httpx.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if asked:
        headers["Access-Control-Request-Headers"] = asked
    return httpx.options(f"{store.url}/{bucket}/key", headers=headers)


def test_the_rules_are_kept(s3: Any, open_bucket: str) -> None:
    (kept,) = s3.get_bucket_cors(Bucket=open_bucket)["CORSRules"]
    for name, value in RULES[0].items():  # lists are sets: Ceph sorts them
        assert (
            sorted(kept[name]) == sorted(value) if isinstance(value, list) else kept[name] == value
        )


def test_no_rules(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.get_bucket_cors(Bucket=bucket)
    assert code_of(error) == ("NoSuchCORSConfiguration", 404)


@pytest.mark.parametrize("origin", [PORTAL, "https://a.example.net"])
def test_a_preflight_is_answered(store: Store, open_bucket: str, origin: str) -> None:
    store.needs("preflight")
    answer = preflight(store, open_bucket, origin, "POST", "content-type, x-extra")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-max-age"] == "3600"


@pytest.mark.parametrize(
    ("origin", "method"),
    [("https://evil.example", "POST"), (PORTAL, "PUT"), (PORTAL + ".evil.example", "POST")],
)
def test_a_preflight_is_refused(store: Store, open_bucket: str, origin: str, method: str) -> None:
    store.needs("preflight")
    answer = preflight(store, open_bucket, origin, method)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_without_rules_is_refused(store: Store, bucket: str) -> None:
    store.needs("preflight")
    assert preflight(store, bucket, PORTAL, "POST").status_code == 403


def test_an_upload_is_readable_by_the_page(store: Store, open_bucket: str) -> None:
    store.needs("cors")
    form = signed_form(store, open_bucket, "uploads/")
    answer = form.send(b"x", headers={"Origin": PORTAL})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert answer.headers["access-control-expose-headers"] == "ETag"


def test_an_upload_of_another_page_is_not_readable(store: Store, open_bucket: str) -> None:
    store.needs("cors")
    form = signed_form(store, open_bucket, "uploads/")
    answer = form.send(b"x", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_playing_is_readable_by_the_page(store: Store, s3: Any, open_bucket: str) -> None:
    store.needs("cors")
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"video")
    url = presigned(store, "GET", object_url(store, open_bucket, "k"))
    answer = httpx.get(url, headers={"Origin": PORTAL, "Range": "bytes=1-2"})
    assert answer.status_code == 206
    assert answer.headers["access-control-allow-origin"] == PORTAL


def test_any_origin(store: Store, s3: Any, bucket: str) -> None:
    store.needs("preflight")
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["POST"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    answer = preflight(store, bucket, "https://anywhere.example", "POST")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] in {"*", "https://anywhere.example"}
