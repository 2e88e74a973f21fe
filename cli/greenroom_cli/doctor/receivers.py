"""Whether the systems that webhooks go to are allowed, can be reached, and take what they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from greenroom.adapters.receivers import AllowList
from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import check_line

if TYPE_CHECKING:
    from greenroom.adapters.database.rows import EndpointRow

LOOKED_AT = 200
"""Dead deliveries that are counted; more are told as "200 or more"."""


def check_receivers(deployment: Deployment) -> Iterator[Finding]:
    """Nothing is sent to them: a connection is opened, where TLS is spoken its certificate read, and closed."""
    webhooks = deployment.parts.get("webhooks")
    try:
        if webhooks is None or deployment.database is None:
            yield skipped("webhooks", "status_sync's settings are not complete")
            return
        with deployment.database.begin() as tx:
            endpoints = tx.webhooks.endpoints()
            dead = len(tx.webhooks.deliveries(state="dead", limit=LOOKED_AT))
        allowed = AllowList(webhooks.allow)
    except GreenroomError as error:
        yield skipped("webhooks", error.detail)
        return
    if not endpoints:
        yield warning(
            "webhooks", "no endpoint is registered", "Register the EHR's: docs/integration.md."
        )
    for endpoint in endpoints:
        yield from _endpoint(endpoint, allowed)
    if dead:
        said = f"{dead}{' or more' if dead == LOOKED_AT else ''} deliveries were given up"
        mend = "Look at GET /v1/webhook-deliveries?state=dead, and send them again."
        yield warning("webhooks.dead", said, mend)


def _endpoint(endpoint: EndpointRow, allowed: AllowList) -> Iterator[Finding]:
    try:
        receiver = allowed.check(endpoint.url)
    except GreenroomError as error:
        said = f"{endpoint.shown_url}: {error.detail}"
        yield fault("webhooks.allowed", said, "Name it in GREENROOM_WEBHOOKS__ALLOW.")
        return
    yield check_line("webhooks.line", endpoint.shown_url, address=str(receiver.address))
    if endpoint.failing_since is not None:
        said = f"{endpoint.shown_url} has failed {endpoint.failures} times since {endpoint.failing_since:%F %T} UTC"
        mend = "GET /v1/webhook-deliveries shows its answers."
        yield warning("webhooks.failing", said, mend)
    else:
        yield good("webhooks.taken", f"{endpoint.shown_url} took what it was sent last")
