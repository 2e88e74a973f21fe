"""Deliveries: to be seen by people who ask what their system was told, and sent again on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from greenroom.domain import keys
from greenroom.domain.errors import Conflict, Invalid
from greenroom.domain.webhook import DeliveryState
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import idempotent

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import DeliveryRow
    from greenroom.runtime.function import Function

LIMIT = 100
MAX_LIMIT = 500


def list_deliveries(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/webhook-deliveries?interview=&state=&limit=``. Raises `Invalid` (`invalid_query`)."""
    state = _state(request.query.get("state"))
    limit = request.query.get("limit") or str(LIMIT)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= MAX_LIMIT):
        raise Invalid(f"limit: a number from 1 to {MAX_LIMIT}", code="invalid_query")
    interview = request.query.get("interview") or None
    with app.database.begin() as tx:
        found = tx.webhooks.deliveries(interview_id=interview, state=state, limit=int(limit))
    return Response.json({"deliveries": [_shown(delivery) for delivery in found]})


def resend(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-deliveries/{endpoint}/{event}/resend``: due at once, under its own id.

    Writing the event's object again is what calls this function for it. Raises `NotFound`
    (`unknown_delivery`), `Conflict` (`endpoint_not_active`) and what `idempotent` raises.
    """
    return idempotent(app.database, request, "resend", lambda _key: _resent(request, app))


def _resent(request: Request, app: Function[Settings]) -> Response:
    endpoint_id, event_id = request.params["endpoint"], request.params["event"]
    with app.database.begin() as tx:
        if endpoint_id not in {endpoint.id for endpoint in tx.webhooks.endpoints()}:
            raise Conflict(f"{endpoint_id} is no active endpoint", code="endpoint_not_active")
        delivery = tx.webhooks.resend(endpoint_id, event_id)
        actor = request.who.actor
        tx.audit.append(actor, "webhook_delivery.resent", "webhook_delivery", event_id)
        event = tx.process_log.event(delivery.interview_id, delivery.seq)
    app.store.put(keys.event(delivery.interview_id, delivery.seq), event.canonical())
    return Response.json({"delivery": _shown(delivery)}, 202)


def _state(text: str | None) -> DeliveryState | None:
    states: tuple[DeliveryState, ...] = get_args(DeliveryState)
    for state in states:
        if state == text:
            return state
    if text:
        raise Invalid(f"state: one of {', '.join(states)}", code="invalid_query")
    return None


def _shown(delivery: DeliveryRow) -> dict[str, Any]:
    return {
        "endpoint": delivery.endpoint_id,
        "url": delivery.url,
        "event": delivery.event_id,
        "interview": delivery.interview_id,
        "sequence": delivery.seq,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
    }
