"""Webhook endpoints as pages: who is told, whether they listen, a new secret, on and off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import new_once, once_of, problems_of
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.domain.events import EventType
from greenroom.domain.webhook import WebhookEndpointRequest
from greenroom.runtime import webhook_operations
from greenroom.runtime.http import Request, Response
from greenroom.runtime.tokens import derived

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import EndpointRow, Transaction
    from greenroom.runtime.function import Function

PATH = "/console/settings/webhooks"
FIELDS = {
    "endpoint_exists": "url",
    "endpoint_not_allowed": "url",
    "endpoint_unresolved": "url",
}


@dataclass(frozen=True)
class Listed:
    """An endpoint with what becomes of its webhooks: `state` is active, paused, failing, or why it is disabled."""

    row: EndpointRow
    state: str
    last_delivered: datetime | None


def webhooks_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
    secret: str | None = None,
    whose: EndpointRow | None = None,
) -> Response:
    """``GET /console/settings/webhooks``. A new `secret` is shown in the answer to the form that asked for it."""
    with app.database.begin() as tx:
        listed = [look_at(tx, row) for row in tx.webhooks.endpoints(active_only=False)]
    return render(
        request,
        app,
        "settings_webhooks.html",
        status=problem.status if problem else 200,
        endpoints=listed,
        types=list(EventType),
        may_change=visitor_of(request).may(Permission.WEBHOOKS_WRITE),
        form=form or {},
        problems=problems_of(problem, FIELDS) if problem else {},
        once=new_once(),
        secret=secret,
        whose=whose,
    )


def add_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/settings/webhooks`` with `url` and each event type wanted; none means all."""
    form = request.form()
    visitor = visitor_of(request)
    try:
        secret = secret_of(request, app, "add")
        wanted = _wanted(form)
        _check(wanted.url, app)
        with app.database.begin() as tx:
            there = [row for row in tx.webhooks.endpoints() if row.url == wanted.url]
            if there and there[0].secret == secret:
                endpoint = there[0]  # this very form was sent before
            else:
                endpoint = webhook_operations.register(tx, wanted, secret, visitor.actor)
    except (Invalid, Conflict) as error:
        return webhooks_page(request, app, form=form, problem=error)
    return webhooks_page(request, app, secret=secret, whose=endpoint)


def change_endpoint_state(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{endpoint}/state`` with `state`: `active` or `removed`."""
    endpoint_id, state = request.params["endpoint"], request.form().get("state")
    actor = visitor_of(request).actor
    if state not in ("active", "removed"):
        raise Invalid("no such state", code="invalid_form")
    with app.database.begin() as tx:
        endpoint = tx.webhooks.endpoint(endpoint_id)
    if state == "active":
        _check(endpoint.url, app)
    with app.database.begin() as tx:
        if state == "active":
            webhook_operations.enable(tx, endpoint_id, actor)
        elif tx.webhooks.endpoint(endpoint_id).state == "active":
            webhook_operations.remove(tx, endpoint_id, actor)
    return Response.redirect(PATH)


def look_at(tx: Transaction, row: EndpointRow) -> Listed:
    state = row.state
    if state == "active" and row.paused_until is not None and row.paused_until > tx.clock():
        state = "paused"
    elif state == "active" and row.failures:
        state = "failing"
    return Listed(row, state, tx.webhooks.last_delivered(row.id))


def _wanted(form: dict[str, str]) -> WebhookEndpointRequest:
    types = [kind for kind in EventType if f"type:{kind}" in form]
    fields = {"url": form.get("url", "").strip(), "types": types or None}
    return WebhookEndpointRequest.from_fields(fields)


def _check(url: str, app: Function[Settings]) -> None:
    """Raises `Invalid` (`endpoint_not_allowed`, `endpoint_unresolved`)."""
    from greenroom.adapters.receivers import AllowList

    AllowList(app.settings.webhooks__allow).check(url)


def secret_of(request: Request, app: Function[Settings], what: str) -> str:
    """The secret that this copy of the form makes, however often it is sent."""
    once = once_of(request.form(), visitor_of(request), what)
    key = app.settings.tokens.key.get_secret_value()
    return webhook_operations.webhook_secret(bytes.fromhex(derived(key, "webhook_secret", *once)))
