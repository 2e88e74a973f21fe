"""What people and systems do to webhook endpoints and their deliveries, each act with its entry in the audit log."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.webhook import ResendRequest, SecretRotation, WebhookEndpointRequest

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, DeliveryRow, EndpointRow, Transaction
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.domain.audit import Actor


def new_secret() -> str:
    """256 random bits in the form of Standard Webhooks."""
    return webhook_secret(secrets.token_bytes(32))


def webhook_secret(random: bytes) -> str:
    """`random` (24–64 bytes) in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(random).decode()


def register(
    tx: Transaction, wanted: WebhookEndpointRequest, secret: str, actor: Actor
) -> EndpointRow:
    """Raises `Conflict` (`endpoint_exists`). Whether the URL is on the allow-list was checked before."""
    endpoint = tx.webhooks.add_endpoint(wanted, secret)
    tx.audit.append(actor, "webhook_endpoint.added", "webhook_endpoint", endpoint.id)
    return endpoint


def rotate_secret(
    tx: Transaction, endpoint_id: str, wanted: SecretRotation, secret: str, actor: Actor
) -> EndpointRow:
    """`secret` signs from now on; a webhook's beside the former one for `overlap_hours`.

    Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_not_active`).
    """
    kind = tx.webhooks.active_endpoint(endpoint_id).kind
    overlap = timedelta(hours=wanted.overlap_hours if kind == "webhook" else 0)
    until = tx.clock() + overlap
    endpoint = tx.webhooks.rotate_secret(endpoint_id, secret, until)
    tx.audit.append(actor, "webhook_endpoint.secret_rotated", "webhook_endpoint", endpoint.id)
    return endpoint


def enable(tx: Transaction, endpoint_id: str, actor: Actor) -> EndpointRow:
    """Active again, from now on; of an active one nothing changes.

    Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_exists`).
    """
    if tx.webhooks.enable_endpoint(endpoint_id):
        tx.audit.append(actor, "webhook_endpoint.enabled", "webhook_endpoint", endpoint_id)
    return tx.webhooks.endpoint(endpoint_id)


def remove(tx: Transaction, endpoint_id: str, actor: Actor) -> None:
    """It gets nothing more, its deliveries stay readable. Raises `NotFound` (`unknown_endpoint`)."""
    tx.webhooks.disable_endpoint(endpoint_id, "removed")
    tx.audit.append(actor, "webhook_endpoint.removed", "webhook_endpoint", endpoint_id)


def resend(
    endpoint_id: str, event_id: str, actor: Actor, *, database: Database, store: ObjectStore
) -> DeliveryRow:
    """Due at once, under its own id: writing the event's object again is what calls status_sync for it.

    Raises `NotFound` (`unknown_endpoint`, `unknown_delivery`), `Conflict` (`endpoint_not_active`).
    """
    with database.begin() as tx:
        tx.webhooks.active_endpoint(endpoint_id)
        tx.webhooks.end_pause(endpoint_id)
        interview, number = tx.webhooks.resend(endpoint_id, event_id)
        event = tx.process_log.event(interview, number)
        delivery = tx.webhooks.delivery(endpoint_id, event_id)
        tx.audit.append(actor, "webhook_delivery.resent", "webhook_delivery", event_id)
    store.put(keys.event(interview, number), event.canonical())
    return delivery


def resend_since(tx: Transaction, endpoint_id: str, wanted: ResendRequest, actor: Actor) -> int:
    """How many are owed again, in order, each under its own id; the sweep sends them within a minute.

    Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_not_active`).
    """
    endpoint = tx.webhooks.active_endpoint(endpoint_id)
    tx.webhooks.end_pause(endpoint.id)
    again = tx.webhooks.resend_since(endpoint.id, wanted.since, wanted.states)
    tx.audit.append(actor, "webhook_delivery.resent", "webhook_endpoint", endpoint.id)
    return again
