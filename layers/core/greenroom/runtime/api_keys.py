"""Making and rotating API keys; the plain key leaves here once and is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from greenroom.domain.api_key import NewApiKey, Rotation
from greenroom.domain.errors import Conflict
from greenroom.runtime.tokens import derived_api_key, new_api_key

if TYPE_CHECKING:
    from greenroom.adapters.database import ApiKeyRow, Transaction


@dataclass(frozen=True)
class MadeKey:
    """A key with its plain text, to be shown this once."""

    row: ApiKeyRow
    plain: str


def make_key(
    tx: Transaction, wanted: NewApiKey, *, token_key: str = "", once: tuple[str, ...] = ()
) -> MadeKey:
    """A new key; the same `once` (who asks, and their Idempotency-Key) gives the same one again.

    Raises `Conflict` (`idempotency_key_reused`) when it was made for another wish.
    """
    key_id, plain, digest = derived_api_key(token_key, *once) if once else new_api_key()
    tx.api_keys.add(
        key_id,
        digest,
        wanted.scopes,
        wanted.name,
        signed=wanted.signed,
        expires_at=wanted.expires_at,
    )
    row = tx.api_keys.find(key_id)
    made = (row.name, row.scopes, row.signed)
    if made != (wanted.name, list(wanted.scopes), wanted.signed):
        raise Conflict(
            "this Idempotency-Key was used with another request", code="idempotency_key_reused"
        )
    return MadeKey(row, plain)


def rotate_key(
    tx: Transaction,
    key_id: str,
    rotation: Rotation,
    *,
    token_key: str = "",
    once: tuple[str, ...] = (),
) -> MadeKey:
    """A new key with the old one's name and scopes; the old one is good for `overlap_hours` more.

    Raises `NotFound` (`unknown_api_key`), `Conflict` (`api_key_ended`, `api_key_replaced`).
    """
    old = tx.api_keys.find(key_id)
    wanted = NewApiKey.model_construct(
        name=old.name, scopes=old.scopes, signed=old.signed, expires_at=None
    )
    repeated = bool(once) and old.replaced_by == derived_api_key(token_key, *once)[0]
    if not repeated and old.state(tx.clock()) != "active":
        raise Conflict(f"API key {key_id} has ended", code="api_key_ended")
    made = make_key(tx, wanted, token_key=token_key, once=once)
    until = tx.clock() + timedelta(hours=rotation.overlap_hours)
    if not repeated and not tx.api_keys.replace(key_id, made.row.id, until):
        raise Conflict(f"API key {key_id} was rotated before", code="api_key_replaced")
    return made
