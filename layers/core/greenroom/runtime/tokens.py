"""Credentials: candidates' links, pictures in mails and the steps of signing in (signed), API keys (hashed at rest)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt

from greenroom.domain.errors import Unauthorized

_API_KEY = re.compile(r"^gr_(?P<id>[a-z0-9]{12})_(?P<secret>[A-Za-z0-9_-]{43})$")
_ALGORITHM = "HS256"

Step = Literal["second_factor", "provider", "enrolment"]
"""Signing in with a password that was right, at the identity provider; setting up an authenticator app."""


@dataclass(frozen=True)
class CandidateClaims:
    """What a personal link says: whose interview, which issue of the link, and until when it is good."""

    interview: str
    version: int
    expires: datetime


def issue_candidate_token(key: str, interview: str, version: int, expires: datetime) -> str:
    """The token of a personal link, good until `expires`. A higher `version` revokes older links."""
    claims = {"sub": interview, "ver": version, "exp": expires, "aud": "candidate"}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_candidate_token(
    key: str, token: str, *, now: datetime, grace: timedelta = timedelta()
) -> CandidateClaims:
    """Good until `grace` after its end. Raises `Unauthorized`: `token_expired` or `token_invalid`."""
    claims = _read(key, token, "candidate", now - grace)
    expires = datetime.fromtimestamp(float(claims["exp"]), UTC)
    return CandidateClaims(str(claims["sub"]), int(claims.get("ver", 0)), expires)


@dataclass(frozen=True)
class MailClaims:
    """Which copy of which message to whom: what the picture in a tracked mail says, and no more.

    It opens nothing: pictures are fetched by proxies and scanners.
    """

    interview: str
    version: int
    message: str
    number: int


def issue_mail_token(key: str, mail: MailClaims, expires: datetime) -> str:
    """The token of the picture in a tracked mail, good until `expires`."""
    claims = {
        "sub": mail.interview,
        "ver": mail.version,
        "msg": mail.message,
        "num": mail.number,
        "exp": expires,
        "aud": "mail",
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_mail_token(key: str, token: str, *, now: datetime) -> MailClaims:
    """Raises `Unauthorized`: `token_expired` or `token_invalid`."""
    claims = _read(key, token, "mail", now)
    return MailClaims(
        str(claims["sub"]), int(claims["ver"]), str(claims["msg"]), int(claims["num"])
    )


def issue_step_token(key: str, what: Step, subject: str, expires: datetime) -> str:
    """Proof that somebody stands in the middle of signing in."""
    return jwt.encode({"sub": subject, "exp": expires, "aud": what}, key, algorithm=_ALGORITHM)


def read_step_token(key: str, what: Step, token: str, *, now: datetime) -> str:
    """The subject it was issued with. Raises `Unauthorized`: `token_expired` or `token_invalid`."""
    return str(_read(key, token, what, now)["sub"])


def derived(key: str, *parts: str) -> str:
    """A value that only the holder of `key` can compute, in hex (HMAC-SHA256)."""
    return hmac.new(key.encode(), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def candidate_pseudonym(key: str, external_id: str) -> str:
    """What the audit log, which is never changed, calls a candidate: it outlives their erasure.

    Who has the installation's token key and the EHR's id can tell that it is meant; nobody can read it off.
    """
    return f"cnd_{derived(key, 'candidate', external_id)[:24]}"


def new_api_key() -> tuple[str, str, str]:
    """A fresh key: its id, the plain key (shown once), and the SHA-256 that is kept."""
    key_id = secrets.token_hex(6)
    plain = f"gr_{key_id}_{secrets.token_urlsafe(32)}"
    return key_id, plain, api_key_digest(plain)


def derived_api_key(key: str, *parts: str) -> tuple[str, str, str]:
    """As `new_api_key`, but the same `parts` give the same API key: a repeated request finds the one it made.

    So the plain key need not be kept to be answered again. `key` is the installation's token key.
    """
    drawn = hmac.digest(key.encode(), "\x1f".join(("api-key", *parts)).encode(), "sha512")
    key_id = drawn[:6].hex()
    plain = f"gr_{key_id}_{base64.urlsafe_b64encode(drawn[32:]).decode().rstrip('=')}"
    return key_id, plain, api_key_digest(plain)


def signing_secret(key: str, key_id: str) -> str:
    """The secret with which the holder of an API key signs requests, in the form of Standard Webhooks.

    It follows from the installation's token key, so it is kept nowhere; another token key gives others.
    """
    drawn = hmac.digest(key.encode(), f"signing\x1f{key_id}".encode(), "sha256")
    return "whsec_" + base64.b64encode(drawn).decode()


def api_key_digest(plain: str) -> str:
    """SHA-256 in hex. The secret has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(plain.encode()).hexdigest()


def api_key_id(plain: str) -> str:
    """The id inside a key. Raises `Unauthorized` (`api_key_invalid`) when it is not of our form."""
    match = _API_KEY.match(plain)
    if match is None:
        raise invalid_api_key()
    return match["id"]


def check_api_key(plain: str, kept_digest: str) -> None:
    """Compare in constant time. Raises `Unauthorized` (`api_key_invalid`)."""
    if not hmac.compare_digest(api_key_digest(plain), kept_digest):
        raise invalid_api_key()


def invalid_api_key() -> Unauthorized:
    return Unauthorized("this API key is not known or was revoked", code="api_key_invalid")


def _read(
    key: str, token: str, audience: Literal["candidate", "mail"] | Step, now: datetime
) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=audience,
            options={"require": ["sub", "exp", "aud"], "verify_exp": False},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthorized("this link is not valid", code="token_invalid") from error
    # Our own clock decides on expiry, so that tests and replays can bring theirs.
    if now.timestamp() >= float(claims["exp"]):
        raise expired_token()
    return claims


def expired_token() -> Unauthorized:
    return Unauthorized("this link has expired", code="token_expired")
