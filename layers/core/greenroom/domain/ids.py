"""Ids: random where something begins, derived where a repeated event must find the same thing."""

from __future__ import annotations

import base64
import hashlib
import secrets

ID_PATTERN = r"[a-z]{2,5}_[a-z2-7]{20}"


def new_id(prefix: str) -> str:
    """A random id such as ``bat_k5zq…`` (100 bits)."""
    return f"{prefix}_{_base32(secrets.token_bytes(13))}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same `parts` always give the same id, so replaying an event creates nothing twice."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}_{_base32(digest[:13])}"


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()[:20]
