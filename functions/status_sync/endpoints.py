"""Webhook endpoints: registered by EHR and OA, only on the installation's allow-list."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.status_sync.delivery import sender
from greenroom.domain.webhook import SecretRotation, WebhookEndpointRequest
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import idempotent

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import EndpointRow
    from greenroom.runtime.function import Function


def register_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints``: the one answer that holds the secret.

    Raises `Invalid` (`endpoint_not_allowed`, `endpoint_unresolved`), `Conflict` (`endpoint_exists`) and what
    `idempotent` raises.
    """
    return idempotent(app.database, request, "endpoints", lambda _key: _registered(request, app))


def _registered(request: Request, app: Function[Settings]) -> Response:
    wanted = request.document(WebhookEndpointRequest)
    sender(app).check(wanted.url)
    secret = wanted.secret or new_secret()
    with app.database.begin() as tx:
        endpoint = tx.webhooks.add_endpoint(wanted, secret)
        actor = request.who.actor
        tx.audit.append(actor, "webhook_endpoint.added", "webhook_endpoint", endpoint.id)
    headers = {"Cache-Control": "no-store"}
    return Response.json({**_shown(endpoint), "secret": secret}, 201, headers)


def list_endpoints(app: Function[Settings]) -> Response:
    """``GET /v1/webhook-endpoints``: all of them, the disabled ones too, without secrets."""
    with app.database.begin() as tx:
        found = tx.webhooks.endpoints(active_only=False)
    return Response.json({"endpoints": [_shown(endpoint) for endpoint in found]})


def rotate_secret(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/webhook-endpoints/{endpoint}/rotate-secret``: the new secret, once; the old one signs on for a while.

    Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_not_active`).
    """
    wanted = request.document(SecretRotation) if request.body.strip() else SecretRotation()
    secret = wanted.secret or new_secret()
    until = app.clock() + timedelta(hours=wanted.overlap_hours)
    with app.database.begin() as tx:
        endpoint = tx.webhooks.rotate_secret(request.params["endpoint"], secret, until)
        tx.audit.append(
            request.who.actor, "webhook_endpoint.secret_rotated", "webhook_endpoint", endpoint.id
        )
    headers = {"Cache-Control": "no-store"}
    return Response.json({**_shown(endpoint), "secret": secret}, 200, headers)


def remove_endpoint(request: Request, app: Function[Settings]) -> Response:
    """``DELETE /v1/webhook-endpoints/{endpoint}``: it is disabled, its deliveries stay readable."""
    endpoint_id = request.params["endpoint"]
    with app.database.begin() as tx:
        tx.webhooks.disable_endpoint(endpoint_id, "removed")
        actor = request.who.actor
        tx.audit.append(actor, "webhook_endpoint.removed", "webhook_endpoint", endpoint_id)
    return Response.empty()


def new_secret() -> str:
    """256 random bits in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _shown(endpoint: EndpointRow) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": endpoint.types,
        "state": endpoint.state,
        "created_at": endpoint.created_at.isoformat(),
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since and endpoint.failing_since.isoformat(),
        "paused_until": endpoint.paused_until and endpoint.paused_until.isoformat(),
        "former_secret_until": endpoint.former_until and endpoint.former_until.isoformat(),
    }
