"""Sealing an attempt in the database: by upload_url, or by chunk_assembly where upload_url was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.events import EventType
from greenroom.domain.keys import AttemptRef

if TYPE_CHECKING:
    from greenroom.adapters.database import Transaction


def seal(tx: Transaction, ref: AttemptRef, manifest_sha256: str) -> bool:
    """True when this call sealed the attempt; it is logged once, whoever does it and however often.

    Raises `Conflict` (`manifest_differs`), `NotFound` (`unknown_attempt`).
    """
    sealed = tx.interviews.seal_attempt(ref, manifest_sha256)
    if sealed:
        details = {
            "answer": ref.answer,
            "attempt": ref.attempt,
            "manifest_sha256": manifest_sha256,
        }
        mark = f"sealed:{ref.answer}:{ref.attempt}"
        tx.process_log.append(ref.interview, EventType.ANSWER_SEALED, details, once=mark)
    return sealed
