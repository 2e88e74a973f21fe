"""The authenticator app's codes (TOTP, RFC 6238), and their secrets sealed at rest."""

from __future__ import annotations

import base64
from datetime import datetime

import pyotp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from greenroom.runtime.envelope import KEY_BYTES, Envelope

STEP_S = 30
AROUND = 1
"""Steps before and after the present one whose codes are good: clocks differ, people type (RFC 6238, 5.2)."""


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """The ``otpauth://`` address that the app reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Greenroom")


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step that the code belongs to; None for a wrong code."""
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    typed = code.replace(" ", "")
    for step in range(present - AROUND, present + AROUND + 1):
        if pyotp.utils.strings_equal(typed, totp.generate_otp(step)):
            return step
    return None


def sealed(secret: str, user_id: str, token_key: str) -> str:
    """For the database: readable only with the key from the settings, and only as this user's."""
    return base64.b64encode(_envelope(token_key).seal(user_id, secret.encode())).decode()


def opened(kept: str, user_id: str, token_key: str) -> str:
    """Raises `Unreadable` when the key is another one, or the row was another user's."""
    return _envelope(token_key).open(user_id, base64.b64decode(kept)).decode()


def _envelope(token_key: str) -> Envelope:
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"greenroom second factor")
    return Envelope(derived.derive(token_key.encode()))
