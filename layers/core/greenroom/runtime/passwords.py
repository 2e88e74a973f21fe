"""Passwords of local accounts: argon2id, and never anything but the hash."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from greenroom.domain.errors import Invalid

MIN_LENGTH = 15
"""Characters, where a password may stand alone (NIST SP 800-63B-4, 3.1.1.2); no rules of composition."""
MAX_LENGTH = 200

_HASHER = PasswordHasher()
"""The library's defaults: argon2id as RFC 9106 recommends for 64 MiB of memory."""
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$o8DFXlfY2f5tT+rVYd1AL3G5U0ykFDCWoHTkGdKY7Xk"
"""Checked when there is no such user, so that an answer takes as long."""


def hashed(password: str) -> str:
    """The hash to keep. Raises `Invalid` (`password_short`, `password_long`)."""
    if len(password) < MIN_LENGTH:
        raise Invalid(f"at least {MIN_LENGTH} characters", code="password_short")
    if len(password) > MAX_LENGTH:
        raise Invalid(f"at most {MAX_LENGTH} characters", code="password_long")
    return _HASHER.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Whether it is; without a kept hash never, after the same work."""
    try:
        return _HASHER.verify(kept or _NOBODY, password[:MAX_LENGTH]) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def new_password() -> str:
    """A random one of 120 bits, to be handed over once and changed."""
    return secrets.token_urlsafe(15)
