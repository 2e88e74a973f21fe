"""Erasures as they are announced, and how one stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.erasure import ErasureState
from greenroom.domain.errors import Unavailable
from greenroom.runtime.erasing import Erasing
from greenroom.runtime.http import Response

if TYPE_CHECKING:
    from functions.retention.settings import Settings
    from greenroom.runtime.function import Function


def erasing(app: Function[Settings]) -> Erasing:
    return Erasing(app.database, app.store, app.settings.erasure, app.clock)


def erase_announced(key: str, app: Function[Settings]) -> None:
    """Erase what ``erasures/{erasure}.json`` asks for.

    Raises `Invalid` (`invalid_key`), `NotFound` (`unknown_erasure`), and `Unavailable` (`erasure_untold`) while the
    webhooks have not taken over the last steps: the queue calls again.
    """
    erase(keys.erasure_of(key), app)


def erase(erasure_id: str, app: Function[Settings]) -> None:
    """Raises what `erase_announced` raises."""
    row = erasing(app).run(erasure_id)
    if row.state != ErasureState.CERTIFIED:
        raise Unavailable(
            f"status_sync has not yet taken over the last steps of {erasure_id}",
            code="erasure_untold",
        )
    app.store.delete(keys.erasure(erasure_id))


def read_erasure(erasure_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/erasures/{erasure}``: how it stands; with the certificate when it is done.

    Raises `NotFound` (`unknown_erasure`).
    """
    with app.database.begin() as tx:
        row = tx.erasures.get(erasure_id)
    signed = row.certificate
    return Response.json(
        {
            "erasure": row.id,
            "state": row.state,
            "reason": row.reason,
            "asked_at": row.asked_at.isoformat(),
            "interviews": row.ids,
            "held": row.held,
            "certificate": signed.model_dump(mode="json") if signed else None,
        }
    )
