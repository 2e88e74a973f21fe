"""One webhook endpoint: its secret, its deliveries with every request and answer, and sending them again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import new_once, problems_of
from functions.console.webhook_pages import PATH, look_at, secret_of
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.domain.webhook import DeliveryState, ResendRequest, SecretRotation
from greenroom.runtime import webhook_operations
from greenroom.runtime.http import Request, Response
from greenroom.runtime.paging import next_page

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

PAGE_SIZE = 50
STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)


def endpoint_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
    secret: str | None = None,
    again: int | None = None,
) -> Response:
    """``GET .../webhooks/{endpoint}?state=&after=``: its deliveries, the newest first.

    `again`: how many a form has just asked to send again. Raises `NotFound` (`unknown_endpoint`), `Invalid`
    (`invalid_cursor`).
    """
    endpoint_id = request.params["endpoint"]
    state = next((one for one in STATES if one == request.query.get("state")), None)
    with app.database.begin() as tx:
        endpoint = look_at(tx, tx.webhooks.endpoint(endpoint_id))
        found = tx.webhooks.deliveries(
            endpoint_id=endpoint_id,
            state=state,
            after=request.query.get("after") or None,
            limit=PAGE_SIZE + 1,
        )
    shown = found[:PAGE_SIZE]
    after = shown[-1].cursor(by_interview=False) if len(found) > PAGE_SIZE else None
    return render(
        request,
        app,
        "settings_endpoint.html",
        status=problem.status if problem else 200,
        endpoint=endpoint,
        deliveries=shown,
        states=STATES,
        state=state,
        following=next_page(f"{PATH}/{endpoint_id}", {"state": state or ""}, after),
        may_change=visitor_of(request).may(Permission.WEBHOOKS_WRITE),
        form=form or {},
        problems=problems_of(problem, {}) if problem else {},
        once=new_once(),
        secret=secret,
        again=again,
    )


def rotate_endpoint_secret(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{endpoint}/secret`` with `overlap_hours`, for which the former secret signs on.

    Raises `NotFound` (`unknown_endpoint`), `Conflict`: `endpoint_not_active`, `secret_elsewhere` where the API alone
    takes it, because a chat's or a recruiting system's own platform made it.
    """
    form = request.form()
    endpoint_id = request.params["endpoint"]
    secret = secret_of(request, app, endpoint_id)
    try:
        wanted = SecretRotation.from_fields({"overlap_hours": form.get("overlap_hours")})
    except Invalid as error:
        return endpoint_page(request, app, form=form, problem=error)
    with app.database.begin() as tx:
        endpoint = tx.webhooks.active_endpoint(endpoint_id)
        if endpoint.kind != "webhook":
            raise Conflict("the receiver's platform makes this secret", code="secret_elsewhere")
        if endpoint.secret != secret:
            actor = visitor_of(request).actor
            webhook_operations.rotate_secret(tx, endpoint_id, wanted, secret, actor)
    return endpoint_page(request, app, secret=secret)


def resend_all_since(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{endpoint}/resend`` with `since`, a time on the console's clock, and `delivered`, `dead`."""
    form = request.form()
    try:
        wanted = ResendRequest.from_fields(
            {
                "since": _instant(form.get("since", ""), app.settings.time_zone),
                "states": [state for state in STATES if state in form],
            }
        )
    except Invalid as error:
        return endpoint_page(request, app, form=form, problem=error)
    with app.database.begin() as tx:
        actor = visitor_of(request).actor
        again = webhook_operations.resend_since(tx, request.params["endpoint"], wanted, actor)
    return endpoint_page(request, app, again=again)


def delivery_page(request: Request, app: Function[Settings]) -> Response:
    """``GET .../{endpoint}/{event}``: what is sent, and every attempt with its answer.

    Raises `NotFound` (`unknown_delivery`).
    """
    endpoint_id, event_id = request.params["endpoint"], request.params["event"]
    with app.database.begin() as tx:
        delivery = tx.webhooks.delivery(endpoint_id, event_id)
        event = tx.process_log.event(delivery.interview_id, delivery.seq)
        attempts = tx.webhooks.attempts_made(endpoint_id, event_id)
        active = tx.webhooks.endpoint(endpoint_id).state == "active"
    return render(
        request,
        app,
        "settings_delivery.html",
        delivery=delivery,
        body=json.dumps(json.loads(event.canonical()), indent=2, ensure_ascii=False),
        attempts=attempts,
        may_resend=active and visitor_of(request).may(Permission.WEBHOOKS_WRITE),
    )


def resend_delivery(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{endpoint}/{event}/resend``: due at once, under its own id; twice, it is still due once."""
    endpoint_id, event_id = request.params["endpoint"], request.params["event"]
    actor = visitor_of(request).actor
    webhook_operations.resend(endpoint_id, event_id, actor, database=app.database, store=app.store)
    return Response.redirect(f"{PATH}/{endpoint_id}/{event_id}")


def _instant(text: str, time_zone: str) -> datetime | str:
    """What a browser's field for date and time says, in the console's zone; the text itself where it is none."""
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
