"""Requests signed with botocore at any time, so that tests can send expired and altered ones."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from botocore.auth import S3SigV4Auth, S3SigV4PostAuth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.platform.stores import REGION, Store


class UnsignedPayloadAuth(S3SigV4Auth):
    """botocore does this over HTTPS alone."""

    def payload(self, request: AWSRequest) -> str:
        return "UNSIGNED-PAYLOAD"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def object_url(store: Store, bucket: str, key: str) -> str:
    return f"{store.url}/{bucket}/{quote(key)}"


def presigned(
    store: Store,
    method: str,
    url: str,
    *,
    expires_s: int = 60,
    at: dt.datetime | None = None,
    secret_key: str | None = None,
    access_key: str | None = None,
) -> str:
    """A presigned URL, as made `at` that time."""
    credentials = _credentials(store, access_key, secret_key)
    signer = S3SigV4QueryAuth(credentials, "s3", REGION, expires=expires_s)
    return _signed(signer, AWSRequest(method, url), at).url


def header_signed(
    store: Store,
    method: str,
    url: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    at: dt.datetime | None = None,
    secret_key: str | None = None,
    access_key: str | None = None,
    unsigned_payload: bool = False,
) -> dict[str, str]:
    """The headers of a header-signed request."""
    request = AWSRequest(method, url, headers=headers or {}, data=body)
    kind = UnsignedPayloadAuth if unsigned_payload else S3SigV4Auth
    signer = kind(_credentials(store, access_key, secret_key), "s3", REGION)
    signed = dict(_signed(signer, request, at).headers.items())
    signed.pop("Content-Length", None)  # the client that sends the body knows better
    return signed


@dataclass
class Form:
    """A POST form, ready to be sent or to be spoilt first."""

    url: str
    fields: dict[str, str]

    def send(
        self,
        body: bytes,
        *,
        filename: str = "part.bin",
        headers: dict[str, str] | None = None,
        **changes: str | None,
    ) -> httpx.Response:
        """Send with fields changed (`_` stands for `-`), or left out by None."""
        fields = {**self.fields, **{name.replace("_", "-"): to for name, to in changes.items()}}
        present = {name: value for name, value in fields.items() if value is not None}
        file = {"file": (filename, body, "application/octet-stream")}
        return httpx.post(self.url, data=present, files=file, headers=headers, timeout=30)


def signed_form(
    store: Store,
    bucket: str,
    prefix: str,
    conditions: list[Any] | None = None,
    *,
    expires: dt.datetime | None = None,
    secret_key: str | None = None,
    access_key: str | None = None,
    **fields: str,
) -> Form:
    """A form that may write below `prefix`, as the product signs it; `fields` are added as sent."""
    request = AWSRequest("POST", f"{store.url}/{bucket}")
    expiration = expires or now() + dt.timedelta(minutes=5)
    request.context["s3-presign-post-policy"] = {
        "expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [
            {"bucket": bucket},
            ["starts-with", "$key", prefix],
            *(conditions or []),
        ],
    }
    request.context["s3-presign-post-fields"] = {}
    S3SigV4PostAuth(_credentials(store, access_key, secret_key), "s3", REGION).add_auth(request)
    signed = request.context["s3-presign-post-fields"]
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Form(request.url, {"key": f"{prefix}one", **named, **signed})


def altered_policy(form: Form, change: Any) -> str:
    """The form's policy with `change` applied to its document, encoded again."""
    document = json.loads(base64.b64decode(form.fields["policy"]))
    change(document)
    return base64.b64encode(json.dumps(document).encode()).decode()


def _credentials(store: Store, access_key: str | None, secret_key: str | None) -> Credentials:
    return Credentials(access_key or store.access_key, secret_key or store.secret_key)


def _signed(signer: SigV4Auth, request: AWSRequest, at: dt.datetime | None) -> Any:
    """What botocore's add_auth does, at another time than now."""
    request.context["timestamp"] = (at or now()).strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    return request.prepare()
