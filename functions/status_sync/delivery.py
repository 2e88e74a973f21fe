"""Sending what is due, several receivers at once, and recording how each attempt ended.

A claim takes the oldest undelivered event per receiver and interview under a lease, so order holds per interview
and two workers never send the same one at the same time. A crash after sending and before recording ends in the
same webhook, under the same id, once the lease is over; receivers drop what they have by `webhook-id`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import TYPE_CHECKING

from greenroom.adapters.receivers import AllowList
from greenroom.adapters.webhooks import DeliveryFailed, WebhookSender
from greenroom.domain.ids import new_id
from greenroom.domain.webhook import retry_after

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import DeliveryRow, Transaction
    from greenroom.runtime.function import Function

LEASE_S = 60
"""Seconds that a claimed delivery is ours: the sender's time limit and room to record."""
BUDGET_S = 200
"""Seconds after which no more is claimed: the function's time limit less one lease."""
IN_FLIGHT = 16
GONE = 410

Claim = Callable[["Transaction", str, int], "list[DeliveryRow]"]
"""Takes a transaction, an owner and the most deliveries to claim."""


def deliver(app: Function[Settings], claim: Claim) -> None:
    """Send what `claim` gives until it gives nothing. One slow receiver holds up only itself.

    Whatever a delivery released (the next event of the same interview) is claimed as soon as it is recorded.
    """
    owner = new_id("own")
    until = time.monotonic() + BUDGET_S
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        while True:
            if time.monotonic() < until and len(running) < IN_FLIGHT:
                with app.database.begin() as tx:
                    claimed = claim(tx, owner, IN_FLIGHT - len(running))
                running |= {pool.submit(_attempt, app, delivery) for delivery in claimed}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()


def _attempt(app: Function[Settings], delivery: DeliveryRow) -> None:
    with app.database.begin() as tx:
        event = tx.process_log.event(delivery.interview_id, delivery.seq)
    try:
        status = sender(app).send(delivery.url, [delivery.secret], event)
    except DeliveryFailed as failure:
        _record_failure(app, delivery, failure)
    else:
        with app.database.begin() as tx:
            tx.webhooks.delivered(delivery, status)


def _record_failure(
    app: Function[Settings], delivery: DeliveryRow, failure: DeliveryFailed
) -> None:
    gone = failure.http_status == GONE
    wait_for = None if gone else retry_after(delivery.attempts + 1)
    # Up to a fifth more, so that the receivers of one outage are not all called in the same second.
    spread = 1 + random.random() / 5  # noqa: S311
    due = app.clock() + wait_for * spread if wait_for else None
    with app.database.begin() as tx:
        tx.webhooks.failed(delivery, failure.detail, failure.http_status, due)
        if gone:
            tx.webhooks.disable_endpoint(delivery.endpoint_id, "gone")
    app.logger.warning(
        "webhook_failed",
        endpoint=delivery.endpoint_id,
        webhook_id=delivery.event_id,
        attempts=delivery.attempts + 1,
        detail=failure.detail,
        next_attempt_at=due and due.isoformat(),
    )


@cache
def sender(app: Function[Settings]) -> WebhookSender:
    """The one sender of this function. Raises `MisconfiguredSetting` for a bad allow-list."""
    settings = app.settings.webhooks
    return WebhookSender(AllowList(settings.allow), timeout_s=settings.timeout_s, clock=app.clock)
