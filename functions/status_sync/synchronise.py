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
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

LATE = timedelta(seconds=30)
"""After which a step that nobody announced is taken over by the sweep."""
SOON = timedelta(seconds=30)
AT_ONCE = 500
KEEP_ATTEMPTS = timedelta(days=30)
"""How long requests to receivers and their answers can be looked at."""


def answer_knock(key: str, app: Function[Settings]) -> bool:
    """Whether `key` was a knock: who put it there sees by its going that announcements arrive and are acted on."""
    if not key.startswith(keys.KNOCKS):
        return False
    app.store.delete(key)
    return True


def synchronise(key: str, app: Function[Settings]) -> None:
    """Send the event that `key` announces, and every earlier one that is still owed.

    The object only says that there is news; the process log says what. So a notification that overtook an
    earlier one, or came twice, changes neither order nor ids. Raises `Unavailable` (`delivery_due_soon`) when a
    retry is due before the next sweep, so that the queue calls again by itself.
    """
    interview, number = keys.interview_of(key), keys.number_of(key)
    with app.database.begin() as tx:
        _take_over(tx, interview, number)
    deliver(
        app,
        lambda tx, owner, most, running: tx.webhooks.claim(
            interview, owner, LEASE_S, most, running
        ),
    )
    _call_again_soon(interview, app)


def sweep(app: Function[Settings]) -> None:
    """Take over the steps whose events were never written or never announced; send whatever is due."""
    with app.database.begin() as tx:
        late = tx.process_log.unpublished(app.clock() - LATE, AT_ONCE)
    publish(late, store=app.store)
    with app.database.begin() as tx:
        for row in late:
            _take_over(tx, row.interview_id, row.seq)
        tx.webhooks.forget_attempts(app.clock() - KEEP_ATTEMPTS, AT_ONCE)
    deliver(
        app,
        lambda tx, owner, most, running: tx.webhooks.claim_due(owner, LEASE_S, most, running),
    )


def _take_over(tx: Transaction, interview: str, number: int) -> None:
    """From here on the steps up to `number` are owed, the earlier ones with it, so that none is sent before them."""
    steps = tx.process_log.list(interview)
    taken = [step for step in steps if step.published_at is None and step.seq <= number]
    for step in taken:
        tx.webhooks.fan_out(step.event)
    tx.process_log.mark_published([(step.interview_id, step.seq) for step in taken])


def _call_again_soon(interview: str, app: Function[Settings]) -> None:
    with app.database.begin() as tx:
        pending = tx.webhooks.deliveries(interview_id=interview, state="pending")
    now = app.clock()
    if any(now < item.next_attempt_at <= now + SOON for item in pending):
        raise Unavailable("a failed delivery is tried again in seconds", code="delivery_due_soon")
