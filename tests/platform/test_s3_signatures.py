"""Signatures: a request is exactly the one that the holder of the key signed, now, or it is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.platform.signing import header_signed, now, object_url, presigned
from tests.platform.stores import Store

KEY = "reports/a b/ü.json"


@pytest.fixture
def url(store: Store, s3: Any, bucket: str) -> str:
    store.needs("signatures")
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"secret")
    return object_url(store, bucket, KEY)


def refused(answer: httpx.Response, status: int = 403) -> None:
    assert answer.status_code == status, answer.text
    assert b"secret" not in answer.content


def test_nothing_is_open(url: str) -> None:
    refused(httpx.get(url))
    refused(httpx.put(url, content=b"x"))
    refused(httpx.delete(url))
    refused(httpx.get(url.rpartition("/reports")[0] + "?list-type=2"))


def test_header_signed(store: Store, url: str) -> None:
    headers = header_signed(store, "GET", url)
    assert httpx.get(url, headers=headers).content == b"secret"


def spoilt_signature(headers: dict[str, str]) -> None:
    last = headers["Authorization"][-1]
    headers["Authorization"] = headers["Authorization"][:-1] + ("0" if last != "0" else "1")


def spoilt_date(headers: dict[str, str]) -> None:
    moment = dt.datetime.fromisoformat(headers["X-Amz-Date"])
    headers["X-Amz-Date"] = f"{moment + dt.timedelta(seconds=1):%Y%m%dT%H%M%SZ}"


def spoilt_hash(headers: dict[str, str]) -> None:
    headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize("spoil", [spoilt_signature, spoilt_date, spoilt_hash])
def test_an_altered_header_signature(
    store: Store, url: str, spoil: Callable[[dict[str, str]], None]
) -> None:
    headers = header_signed(store, "GET", url)
    spoil(headers)
    refused(httpx.get(url, headers=headers))


def test_a_header_signature_is_for_one_request(store: Store, url: str) -> None:
    headers = header_signed(store, "GET", url)
    refused(httpx.delete(url, headers=headers))
    refused(httpx.get(url + "x", headers=headers))
    refused(httpx.get(url + "?partNumber=1", headers=headers))
    assert httpx.get(url, headers=headers).status_code == 200


def test_a_header_signature_with_the_wrong_key(store: Store, url: str) -> None:
    refused(httpx.get(url, headers=header_signed(store, "GET", url, secret_key="wrong" * 8)))
    refused(httpx.get(url, headers=header_signed(store, "GET", url, access_key="UNKNOWNKEY00")))


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_header_signature_of_another_time(store: Store, url: str, minutes: int) -> None:
    at = now() + dt.timedelta(minutes=minutes)
    answer = httpx.get(url, headers=header_signed(store, "GET", url, at=at))
    refused(answer)
    assert "<Code>RequestTimeTooSkewed</Code>" in answer.text


def test_presigned(store: Store, url: str) -> None:
    assert httpx.get(presigned(store, "GET", url)).content == b"secret"


def test_an_expired_url(store: Store, url: str) -> None:
    fresh = presigned(store, "GET", url, expires_s=120, at=now() - dt.timedelta(seconds=60))
    assert httpx.get(fresh).status_code == 200
    stale = presigned(store, "GET", url, expires_s=60, at=now() - dt.timedelta(seconds=120))
    answer = httpx.get(stale)
    refused(answer)
    assert "<Code>AccessDenied</Code>" in answer.text


def test_an_expiry_cannot_be_stretched(store: Store, url: str) -> None:
    stale = presigned(store, "GET", url, expires_s=60, at=now() - dt.timedelta(seconds=120))
    refused(httpx.get(stale.replace("X-Amz-Expires=60", "X-Amz-Expires=3600")))


def test_a_presigned_url_is_for_one_method(store: Store, url: str) -> None:
    signed = presigned(store, "GET", url)
    refused(httpx.put(signed, content=b"x"))
    refused(httpx.delete(signed))
    assert httpx.get(signed).status_code == 200


def test_a_presigned_url_is_for_one_key(store: Store, url: str) -> None:
    signed = presigned(store, "GET", url)
    refused(httpx.get(signed.replace("reports", "reportz")))


def test_a_presigned_url_with_the_wrong_key(store: Store, url: str) -> None:
    refused(httpx.get(presigned(store, "GET", url, secret_key="wrong" * 8)))
    refused(httpx.get(presigned(store, "GET", url, access_key="UNKNOWNKEY00")))


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_a_presigned_url_lives_a_week_at_most(store: Store, url: str, seconds: int) -> None:
    answer = httpx.get(presigned(store, "GET", url, expires_s=seconds))
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=, Signature=",
    ],
)
def test_a_malformed_authorization(store: Store, url: str, authorization: str) -> None:
    headers = {**header_signed(store, "GET", url), "Authorization": authorization}
    assert httpx.get(url, headers=headers).status_code in {400, 403}
