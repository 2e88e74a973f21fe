"""What a request's Authorization header says of who sends it."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from greenroom.domain.errors import Unauthorized

if TYPE_CHECKING:
    from greenroom.runtime.http import Request


def bearer(request: Request) -> str:
    """The token of the Authorization header. Raises `Unauthorized` (`credential_missing`)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("send `Authorization: Bearer …`", code="credential_missing")
    return token.strip()


def is_basic(request: Request) -> bool:
    """Whether the caller says who they are by HTTP Basic."""
    return request.headers.get("authorization", "")[:6].lower() == "basic "


def user_name(request: Request) -> str:
    """The user name of HTTP Basic, UTF-8. Raises `Unauthorized` (`credential_missing`)."""
    encoded = request.headers.get("authorization", "")[6:].strip()
    try:
        name, _, _ = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise Unauthorized(
            "send the API key as the user name of HTTP Basic", code="credential_missing"
        ) from error
    return name
