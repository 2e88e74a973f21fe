"""One S3 request: where it points, what it asks, and its body as it comes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator
from urllib.parse import unquote, unquote_plus

from starlette.types import Receive, Scope

from greenroom_local.object_store.errors import S3Error
from greenroom_local.object_store.signatures import UNSIGNED_PAYLOAD, SignedRequest

KEY_BYTES = 1024
DOCUMENT_BYTES = 2 * 2**20
"""The largest XML document that is read, in bytes: ten thousand parts fit."""


class ClientGone(Exception):
    """The client hung up: there is nobody to answer."""


class S3Request:
    """Path-style: /bucket or /bucket/key. Header names are lower-case, query values decoded."""

    def __init__(self, scope: Scope, receive: Receive, request_id: str, stall_s: float) -> None:
        self.method: str = scope["method"]
        self.request_id = request_id
        self.receive = receive
        self.path: str = scope["raw_path"].decode("ascii", "replace")
        self.headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "replace")
            self.headers[name] = f"{self.headers[name]},{value}" if name in self.headers else value
        self._pairs = _pairs(scope["query_string"].decode("ascii", "replace"))
        self.query = {unquote_plus(name): unquote_plus(value) for name, value in self._pairs}
        self.payload_hash = UNSIGNED_PAYLOAD
        self._stall_s = stall_s
        self._body_wanted = False
        self.bucket, _, self._raw_key = self.path.removeprefix("/").partition("/")
        self.key = ""

    def parse_key(self) -> None:
        """Decode the key. Raises S3Error `InvalidURI` or `KeyTooLongError`."""
        self.key = checked_key(self._raw_key, encoded=True)

    def signed(self) -> SignedRequest:
        return SignedRequest(self.method, self.path, self._pairs, self.headers)

    @property
    def sha256(self) -> str | None:
        """The SHA-256 that the body must have, in hex, when the client declared one."""
        return None if self.payload_hash == UNSIGNED_PAYLOAD else self.payload_hash

    @property
    def md5(self) -> str | None:
        """The MD5 that the body must have, in hex, when the client declared one."""
        declared = self.headers.get("content-md5")
        if declared is None:
            return None
        try:
            digest = base64.b64decode(declared, validate=True)
        except binascii.Error as error:
            raise S3Error("InvalidDigest", "Content-MD5 is not base64") from error
        if len(digest) != hashlib.md5(usedforsecurity=False).digest_size:
            raise S3Error("InvalidDigest", "Content-MD5 is not an MD5")
        return digest.hex()

    @property
    def content_length(self) -> int | None:
        declared = self.headers.get("content-length", "")
        return int(declared) if declared.isdecimal() else None

    @property
    def body_withheld(self) -> bool:
        """The client waits to be asked for its body and was not: what it sends next is unclear."""
        return "expect" in self.headers and not self._body_wanted

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises ClientGone, or S3Error `RequestTimeout` on a stall."""
        self._body_wanted = more = True
        while more:
            try:
                async with asyncio.timeout(self._stall_s):
                    message = await self.receive()
            except TimeoutError as error:
                raise S3Error(
                    "RequestTimeout", "nothing came for too long", {"connection": "close"}
                ) from error
            if message["type"] == "http.disconnect":
                raise ClientGone
            if body := message.get("body"):
                yield body
            more = message.get("more_body", False)

    async def document(self) -> bytes:
        """A whole, small body, held against its declared digests."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > DOCUMENT_BYTES:
                raise S3Error("EntityTooLarge", f"a document has at most {DOCUMENT_BYTES} bytes")
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        check_digests(self, md5, hashlib.sha256(body).hexdigest())
        return bytes(body)


def check_digests(request: S3Request, md5: str | None, sha256: str | None) -> None:
    """Raises S3Error `BadDigest` or `XAmzContentSHA256Mismatch` unless the body is as declared."""
    if request.md5 is not None and request.md5 != md5:
        raise S3Error("BadDigest", "the body does not have the declared Content-MD5")
    declared = request.sha256
    if declared is not None and not hmac.compare_digest(declared, sha256 or ""):
        raise S3Error("XAmzContentSHA256Mismatch", "the body does not have the declared SHA-256")


def checked_key(text: str, *, encoded: bool = False) -> str:
    """A key, percent-decoded if need be. Raises S3Error `InvalidURI` or `KeyTooLongError`."""
    try:
        key = unquote(text, errors="strict") if encoded else text
        size = len(key.encode())
    except UnicodeError as error:
        raise S3Error("InvalidURI", "a key is UTF-8") from error
    if size > KEY_BYTES:
        raise S3Error("KeyTooLongError", f"a key has at most {KEY_BYTES} bytes")
    return key


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in pairs]
