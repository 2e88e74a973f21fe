"""From the process log to the webhooks: on every event, and once a minute for what is late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.status_sync.delivery import LEASE_S, deliver
from greenroom.domain import keys
from greenroom.domain.errors import Unavailable
from greenroom.runtime.outbox import publish

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.runtime.function import Function

UNPUBLISHED_AFTER = timedelta(seconds=30)
SOON = timedelta(seconds=30)
MAX_PUBLISHED = 500


def synchronise(key: str, app: Function[Settings]) -> None:
    """Send the event that `key` announces, and every earlier one that is still owed.

    The object only says that there is news; the process log says what. So a notification that overtook an
    earlier one, or came twice, changes neither order nor ids. Raises `Unavailable` (`delivery_due_soon`) when a
    retry is due before the next sweep, so that the queue calls again by itself.
    """
    interview, number = keys.interview_of(key), keys.number_of(key)
    with app.database.begin() as tx:
        for row in tx.process_log.list(interview):
            if row.seq <= number:
                tx.webhooks.fan_out(row.event)
    deliver(app, lambda tx, owner, most: tx.webhooks.claim(interview, owner, LEASE_S)[:most])
    _call_again_soon(interview, app)


def sweep(app: Function[Settings]) -> None:
    """Publish what a crash left unpublished; send every delivery whose time has come."""
    with app.database.begin() as tx:
        late = tx.process_log.unpublished(app.clock() - UNPUBLISHED_AFTER, MAX_PUBLISHED)
    publish(late, store=app.store, database=app.database)
    deliver(app, lambda tx, owner, most: tx.webhooks.claim_due(owner, LEASE_S, most))


def _call_again_soon(interview: str, app: Function[Settings]) -> None:
    with app.database.begin() as tx:
        pending = tx.webhooks.deliveries(interview_id=interview, state="pending")
    now = app.clock()
    if any(now < item.next_attempt_at <= now + SOON for item in pending):
        raise Unavailable("a failed delivery is tried again in seconds", code="delivery_due_soon")
