"""Webhook endpoints: registered by EHR and OA, only on the installation's allow-list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.status_sync.delivery import sender
from functions.status_sync.rest import check_rest
from greenroom.domain.errors import Invalid
from greenroom.domain.webhook import SecretRotation, WebhookEndpointRequest, check_secret
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import Once, idempotent
from greenroom.runtime.webhook_operations import enable, new_secret, register, remove
from greenroom.runtime.webhook_operations import rotate_secret as rotated

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import EndpointRow
    from greenroom.domain.endpoint_kinds import EndpointKind
    from greenroom.runtime.function import Function


def register_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints``: the one answer that holds the secret.

    Raises `Invalid` (`endpoint_not_allowed`, `endpoint_unresolved`, `invalid_template`, `unknown_secret`),
    `Conflict` (`endpoint_exists`) and what `idempotent` raises.
    """
    return idempotent(
        app.database, request, "endpoints", lambda once: _registered(request, app, once)
    )


def _registered(request: Request, app: Function[Settings], once: Once) -> Response:
    wanted = request.document(WebhookEndpointRequest)
    sender(app).check(wanted.url)
    if wanted.rest is not None:
        check_rest(wanted.url, wanted.rest, wanted.types, app)
    secret = wanted.secret or (new_secret() if wanted.kind == "webhook" else "")
    shown = None if wanted.kind == "greenhouse" else secret or None
    with app.database.begin() as tx:
        endpoint = register(tx, wanted, secret, request.who.actor)
        told = {**_shown(endpoint), "secret": shown}
        return once.answer(tx, Response.json(told, 201, {"Cache-Control": "no-store"}))


def list_endpoints(app: Function[Settings]) -> Response:
    """``GET /v1/webhook-endpoints``: all of them, the disabled ones too, without secrets."""
    with app.database.begin() as tx:
        found = tx.webhooks.endpoints(active_only=False)
    return Response.json({"endpoints": [_shown(endpoint) for endpoint in found]})


def rotate_secret(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints/{endpoint}/rotate-secret``: the new secret, once; the old one signs on for a while.

    A robot's comes from its platform. Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_not_active`),
    `Invalid` (`invalid_secret`) and what `idempotent` raises.
    """
    return idempotent(app.database, request, "rotations", lambda once: _rotated(request, app, once))


def _rotated(request: Request, app: Function[Settings], once: Once) -> Response:
    wanted = request.document(SecretRotation) if request.body.strip() else SecretRotation()
    endpoint_id = request.params["endpoint"]
    with app.database.begin() as tx:
        kind = tx.webhooks.active_endpoint(endpoint_id).kind
        secret = _next_secret(kind, wanted.secret)
        endpoint = rotated(tx, endpoint_id, wanted, secret, request.who.actor)
        told = {**_shown(endpoint), "secret": None if kind == "greenhouse" else secret}
        return once.answer(tx, Response.json(told, 200, {"Cache-Control": "no-store"}))


def remove_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``DELETE /v1/webhook-endpoints/{endpoint}``: it is disabled, its deliveries stay readable."""
    with app.database.begin() as tx:
        remove(tx, request.params["endpoint"], request.who.actor)
    return Response.empty()


def enable_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints/{endpoint}/enable``: active again; events of the time between are not sent.

    Raises `NotFound` (`unknown_endpoint`), `Invalid` (`endpoint_not_allowed`, `endpoint_unresolved`), `Conflict`
    (`endpoint_exists`).
    """
    with app.database.begin() as tx:
        url = tx.webhooks.endpoint(request.params["endpoint"]).url
    sender(app).check(url)
    with app.database.begin() as tx:
        endpoint = enable(tx, request.params["endpoint"], request.who.actor)
    return Response.json(_shown(endpoint))


def _next_secret(kind: EndpointKind, wanted: str | None) -> str:
    """Raises `Invalid` (`invalid_secret`)."""
    if wanted is None and kind == "webhook":
        return new_secret()
    try:
        check_secret(kind, wanted or "")
    except ValueError as error:
        raise Invalid(str(error), code="invalid_secret") from error
    if wanted is None:
        raise Invalid("secret: the platform makes it; send it here", code="invalid_secret")
    return wanted


def _shown(endpoint: EndpointRow) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "kind": endpoint.kind,
        "url": endpoint.shown_url,
        "types": endpoint.types,
        "notice": endpoint.notice and endpoint.notice.model_dump(),
        "rest": endpoint.rest and endpoint.rest.shown().model_dump(),
        "state": endpoint.state,
        "created_at": endpoint.created_at.isoformat(),
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since and endpoint.failing_since.isoformat(),
        "paused_until": endpoint.paused_until and endpoint.paused_until.isoformat(),
        "former_secret_until": endpoint.former_until and endpoint.former_until.isoformat(),
    }
