"""Whether the systems that webhooks go to are allowed, can be reached, and take what they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from greenroom.adapters.receivers import AllowList
from greenroom.domain.errors import GreenroomError
from greenroom.domain.transport import is_loopback
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, Value, fault, good, skipped, warning
from greenroom_cli.doctor.line import check_line

if TYPE_CHECKING:
    from greenroom.adapters.database.rows import DeliveryRow, EndpointRow

LOOKED_AT = 200
"""Deliveries that are looked at; where there are more, so many at least."""
LATE = timedelta(minutes=15)
"""A delivery that has waited this long is not one that the next minute's sending takes along."""


def check_receivers(deployment: Deployment) -> Iterator[Finding]:
    """Nothing is sent to them: a connection is opened, where TLS is spoken its certificate read, and closed."""
    webhooks = deployment.parts.get("webhooks")
    try:
        if webhooks is None or deployment.database is None:
            yield skipped("webhooks", "unset")
            return
        with deployment.database.reading() as tx:
            endpoints = tx.webhooks.endpoints(active_only=False)
            dead = tx.webhooks.deliveries(state="dead", limit=LOOKED_AT)
            pending = tx.webhooks.deliveries(state="pending", limit=LOOKED_AT)
        allowed = AllowList(webhooks.allow)
    except GreenroomError as error:
        yield skipped("webhooks", "unread", why=error.detail)
        return
    active = [one for one in endpoints if one.state == "active"]
    if not active:
        yield warning("webhooks", "none")
    for endpoint in endpoints:
        if endpoint.state == "active":
            yield from _endpoint(endpoint, allowed)
        elif endpoint.state != "removed":
            yield warning(
                "webhooks.disabled", "disabled", url=endpoint.shown_url, why=endpoint.state
            )
    yield from _deliveries(dead, pending, {one.id for one in active})


def _deliveries(
    dead: list[DeliveryRow], pending: list[DeliveryRow], active: set[str]
) -> Iterator[Finding]:
    if dead:
        yield warning("webhooks.dead", "given_up", count=len(dead))
    since = datetime.now(UTC) - LATE
    late = [one for one in pending if one.created_at < since and one.endpoint_id in active]
    if late:
        oldest = min(one.created_at for one in late)
        yield warning("webhooks.pending", "late", count=len(late), since=f"{oldest:%F %T}")
    else:
        yield good("webhooks.pending")


def _endpoint(endpoint: EndpointRow, allowed: AllowList) -> Iterator[Finding]:
    url = endpoint.shown_url
    if endpoint.kind == "webhook" and not endpoint.secret:
        yield fault("webhooks.secret", "missing", url=url)
    if endpoint.url.startswith("http://") and not is_loopback(endpoint.url):
        yield warning("webhooks.tls", "plain", url=url)
    try:
        receiver = allowed.check(endpoint.url)
    except GreenroomError as error:
        yield fault("webhooks.allowed", "refused", url=url, why=error.detail)
        return
    yield check_line("webhooks.line", url, address=str(receiver.address))
    paused = endpoint.paused_until
    if endpoint.failing_since is None:
        yield good("webhooks.taken", url=url)
        return
    values: dict[str, Value] = {
        "url": url,
        "failures": endpoint.failures,
        "since": f"{endpoint.failing_since:%F %T}",
    }
    if paused is not None and paused > datetime.now(UTC):
        yield fault("webhooks.failing", "suspended", until=f"{paused:%F %T}", **values)
    else:
        yield warning("webhooks.failing", "failing", **values)
