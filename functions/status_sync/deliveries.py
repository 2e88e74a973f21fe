"""Deliveries: to be seen by people who ask what their system was told, and sent again on request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from greenroom.domain.errors import Invalid
from greenroom.domain.webhook import DeliveryState, ResendRequest
from greenroom.runtime import webhook_operations
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import Once, idempotent
from greenroom.runtime.paging import links, next_page, only_known, page_size

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import AttemptMade, DeliveryRow
    from greenroom.runtime.function import Function

PATH = "/v1/webhook-deliveries"
FILTERS = {"interview", "endpoint", "state", "limit", "after"}


def list_deliveries(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/webhook-deliveries?interview=&endpoint=&state=&limit=&after=``, a page with links to the next.

    Raises `Invalid` (`invalid_query`, `invalid_cursor`).
    """
    query = request.query
    only_known(query, FILTERS)
    size = page_size(query)
    interview = query.get("interview") or None
    with app.database.begin() as tx:
        found = tx.webhooks.deliveries(
            interview_id=interview,
            state=_state(query.get("state")),
            endpoint_id=query.get("endpoint") or None,
            after=query.get("after") or None,
            limit=size + 1,
        )
    shown = found[:size]
    more = len(found) > size
    after = shown[-1].cursor(by_interview=interview is not None) if more else None
    following = next_page(PATH, query, after)
    return Response.json(
        {"deliveries": [_shown(delivery) for delivery in shown], "next": following},
        200,
        links(PATH, query, following),
    )


def read_delivery(endpoint_id: str, event_id: str, app: Function[Settings]) -> Response:
    """``GET /v1/webhook-deliveries/{endpoint}/{event}``: the event as it is sent, and every attempt with its answer.

    Raises `NotFound` (`unknown_delivery`).
    """
    with app.database.begin() as tx:
        delivery = tx.webhooks.delivery(endpoint_id, event_id)
        event = tx.process_log.event(delivery.interview_id, delivery.seq)
        made = tx.webhooks.attempts_made(endpoint_id, event_id)
    return Response.json(
        {
            **_shown(delivery),
            "request": {"webhook-id": event_id, "body": json.loads(event.canonical())},
            "attempts_made": [_attempt(attempt) for attempt in made],
        }
    )


def resend(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-deliveries/{endpoint}/{event}/resend``: due at once, under its own id.

    Writing the event's object again is what calls this function for it. Raises `NotFound`
    (`unknown_endpoint`, `unknown_delivery`), `Conflict` (`endpoint_not_active`) and what `idempotent` raises.
    """
    return idempotent(app.database, request, "resend", lambda _once: _resent(request, app))


def _resent(request: Request, app: Function[Settings]) -> Response:
    endpoint, event = request.params["endpoint"], request.params["event"]
    delivery = webhook_operations.resend(
        endpoint, event, request.who.actor, database=app.database, store=app.store
    )
    return Response.json({"delivery": _shown(delivery)}, 202)


def resend_since(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints/{endpoint}/resend``: all since a time, in order, each under its own id.

    The sweep sends them within a minute. Raises `NotFound` (`unknown_endpoint`), `Conflict`
    (`endpoint_not_active`).
    """
    return idempotent(
        app.database, request, "resend_since", lambda once: _resent_since(request, app, once)
    )


def _resent_since(request: Request, app: Function[Settings], once: Once) -> Response:
    wanted = request.document(ResendRequest)
    endpoint = request.params["endpoint"]
    with app.database.begin() as tx:
        again = webhook_operations.resend_since(tx, endpoint, wanted, request.who.actor)
        return once.answer(tx, Response.json({"endpoint": endpoint, "deliveries": again}, 202))


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
        "created_at": delivery.created_at.isoformat(),
        "next_attempt_at": (
            delivery.next_attempt_at.isoformat() if delivery.state == "pending" else None
        ),
        "delivered_at": delivery.delivered_at and delivery.delivered_at.isoformat(),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "links": {"self": f"{PATH}/{delivery.endpoint_id}/{delivery.event_id}"},
    }


def _attempt(attempt: AttemptMade) -> dict[str, Any]:
    return {
        "at": attempt.at.isoformat(),
        "took_ms": attempt.took_ms,
        "url": attempt.url,
        "status": attempt.status,
        "response": attempt.response,
        "error": attempt.error,
    }
