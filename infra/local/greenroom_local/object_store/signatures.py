"""Signature V4: header, presigned URL and POST policy, each recomputed by botocore's own signer.

Nothing here invents cryptography: the request is rebuilt as the client must have signed it, botocore
computes the signature, and the two are compared in constant time.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from botocore.auth import S3SigV4Auth, S3SigV4PostAuth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from greenroom_local.object_store.errors import S3Error, not_spoken

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SKEW = timedelta(minutes=15)
LONGEST_S = 7 * 24 * 3600
"""A presigned URL lives a week at most, in seconds (AWS's limit)."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})\s*"
)
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SignedRequest:
    """What a signature covers. `path` and `query` as sent, still percent-encoded; `query` in pairs."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]


@dataclass(frozen=True)
class _Credential:
    access_key: str
    date: str
    region: str


class Signatures:
    """Verifies signatures made with the store's one pair of keys."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        self._access_key = access_key
        self._credentials = Credentials(access_key, secret_key)
        # A policy signs a whole attempt's parts: it is verified once, not for each part. Only a good
        # signature is remembered; a bad one raises.
        self._verify_post = lru_cache(maxsize=1024)(self._check_post)

    def verify(self, request: SignedRequest, now: datetime) -> str:
        """The declared payload hash (hex or UNSIGNED-PAYLOAD). Raises S3Error for anything not signed right."""
        if "authorization" in request.headers:
            return self._verify_header(request, now)
        if any(name == "X-Amz-Signature" for name, _ in request.query):
            return self._verify_query(request, now)
        raise S3Error("AccessDenied", "the request is not signed")

    def verify_policy(self, fields: dict[str, str]) -> None:
        """Check a POST form's signature over its policy. `fields` have lower-case names."""
        missing = [
            name
            for name in ("policy", "x-amz-credential", "x-amz-date", "x-amz-signature")
            if name not in fields
        ]
        if missing or fields.get("x-amz-algorithm") != ALGORITHM:
            raise S3Error("AccessDenied", "the form is not signed with Signature V4")
        self._verify_post(
            fields["policy"],
            fields["x-amz-credential"],
            fields["x-amz-date"],
            fields["x-amz-signature"],
        )

    def _verify_header(self, request: SignedRequest, now: datetime) -> str:
        found = _AUTHORIZATION.fullmatch(request.headers["authorization"])
        if found is None:
            raise S3Error("AuthorizationHeaderMalformed", "only Signature V4 is spoken here")
        credential = self._credential(found["credential"], "AuthorizationHeaderMalformed")
        date = request.headers.get("x-amz-date", "")
        if abs(_moment(date, credential, "AccessDenied") - now) > SKEW:
            raise S3Error("RequestTimeTooSkewed", "the clocks differ by more than 15 minutes")
        payload = request.headers.get("x-amz-content-sha256")
        if payload is None:
            raise S3Error("InvalidRequest", "x-amz-content-sha256 is required")
        if payload.startswith("STREAMING-"):
            raise not_spoken(
                "aws-chunked bodies; set request_checksum_calculation to when_required"
            )
        if payload != UNSIGNED_PAYLOAD and not _HEX_SHA256.fullmatch(payload):
            raise S3Error("InvalidArgument", "x-amz-content-sha256 is not a SHA-256 in hex")
        signer = S3SigV4Auth(self._credentials, "s3", credential.region)
        expected = _signature(signer, request, found["signed"].split(";"), date)
        _compare(expected, found["signature"])
        return payload

    def _verify_query(self, request: SignedRequest, now: datetime) -> str:
        malformed = "AuthorizationQueryParametersError"
        query = dict(request.query)
        if query.get("X-Amz-Algorithm") != ALGORITHM:
            raise S3Error(malformed, f"X-Amz-Algorithm must be {ALGORITHM}")
        credential = self._credential(unquote(query.get("X-Amz-Credential", "")), malformed)
        date = query.get("X-Amz-Date", "")
        signed_at = _moment(date, credential, malformed)
        expires_s = query.get("X-Amz-Expires", "")
        if not expires_s.isdecimal() or not 1 <= int(expires_s) <= LONGEST_S:
            raise S3Error(malformed, f"X-Amz-Expires must be 1 to {LONGEST_S} seconds")
        if signed_at - now > SKEW:
            raise S3Error("AccessDenied", "the URL is not valid yet")
        if now > signed_at + timedelta(seconds=int(expires_s)):
            raise S3Error("AccessDenied", "the URL has expired")
        unsigned = [pair for pair in request.query if pair[0] != "X-Amz-Signature"]
        signer = S3SigV4QueryAuth(self._credentials, "s3", credential.region)
        signed_headers = unquote(query.get("X-Amz-SignedHeaders", "")).split(";")
        rebuilt = SignedRequest(request.method, request.path, unsigned, request.headers)
        _compare(_signature(signer, rebuilt, signed_headers, date), query["X-Amz-Signature"])
        return request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)

    def _credential(self, text: str, malformed: str) -> _Credential:
        access_key, *scope = text.rsplit("/", 4)
        if len(scope) != 4 or scope[2:] != ["s3", "aws4_request"]:
            raise S3Error(malformed, "the credential is not KEY/DATE/REGION/s3/aws4_request")
        if not hmac.compare_digest(access_key.encode(), self._access_key.encode()):
            raise S3Error("InvalidAccessKeyId", "no such access key")
        return _Credential(access_key, scope[0], scope[1])

    def _check_post(self, policy: str, credential_text: str, date: str, given: str) -> None:
        credential = self._credential(credential_text, "AccessDenied")
        _moment(date, credential, "AccessDenied")
        request = AWSRequest()
        request.context["timestamp"] = date
        signer = S3SigV4PostAuth(self._credentials, "s3", credential.region)
        _compare(signer.signature(policy, request), given)


def _signature(
    signer: SigV4Auth, request: SignedRequest, signed_headers: list[str], date: str
) -> str:
    """Recompute a signature over exactly the headers that the client says it signed."""
    if "host" not in signed_headers:
        raise S3Error("AccessDenied", "the host header is not signed")
    unsigned = [
        name for name in request.headers if name.startswith("x-amz-") and name not in signed_headers
    ]
    if unsigned:
        raise S3Error("AccessDenied", f"headers that are not signed: {', '.join(unsigned)}")
    headers = {name: request.headers[name] for name in signed_headers if name in request.headers}
    query = "&".join(f"{name}={value}" for name, value in request.query)
    rebuilt: Any = AWSRequest(
        request.method, f"http://pocket{request.path}?{query}", headers=headers
    )
    rebuilt.context["timestamp"] = date
    canonical = signer.canonical_request(rebuilt)
    signature: str = signer.signature(signer.string_to_sign(rebuilt, canonical), rebuilt)
    return signature


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise S3Error("SignatureDoesNotMatch", "the signature is not that of this request")


def _moment(date: str, credential: _Credential, malformed: str) -> datetime:
    try:
        moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise S3Error(malformed, "the signing time is missing or malformed") from error
    if date[:8] != credential.date:
        raise S3Error(malformed, "the credential is for another day than the signing time")
    return moment
