"""Sending what is due, to many receivers at once, and recording how each attempt ended.

A claim takes the oldest undelivered event per receiver and interview under a lease, so order holds per interview
and two workers never send the same one at the same time. A crash after sending and before recording ends in the
same webhook, under the same id, once the lease is over; receivers drop what they have by `webhook-id`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from functions.status_sync.wording import facts_for, worded
from greenroom.adapters.database import AttemptMade, ClaimedDelivery
from greenroom.adapters.receivers import AllowList
from greenroom.adapters.webhooks import DeliveryFailed, WebhookSender
from greenroom.domain.ids import new_id
from greenroom.domain.webhook import retry_after

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.adapters.webhooks import WebhookSession
    from greenroom.domain.endpoint_kinds import InterviewFacts
    from greenroom.runtime.function import Function

LEASE_S = 60
"""Seconds that a claimed delivery is ours: the sender's time limit and room to record."""
BUDGET_S = 200
"""Seconds after which no more is claimed: the function's time limit less one lease."""
IN_FLIGHT = 64
GONE = 410

Claim = Callable[["Transaction", str, int, Mapping[str, int]], "list[ClaimedDelivery]"]
"""Takes a transaction, an owner, the most deliveries to claim, and how many are under way to each endpoint."""


@dataclass(frozen=True)
class _Outcome:
    """`failure` is None when the receiver took it."""

    claimed: ClaimedDelivery
    attempt: AttemptMade
    failure: DeliveryFailed | None


def deliver(app: Function[Settings], claim: Claim) -> None:
    """Send what `claim` gives until it gives nothing. One slow receiver holds up only itself.

    Whatever a delivery released (the next event of the same interview) is claimed by the transaction that
    records it, so that what is finished while one transaction runs shares the next.
    """
    asyncio.run(_Run(app, claim).run())


class _Run:
    def __init__(self, app: Function[Settings], claim: Claim) -> None:
        self._app = app
        self._claim = claim
        self._owner = new_id("own")
        self._until = time.monotonic() + BUDGET_S
        self._under_way: dict[asyncio.Task[_Outcome], str] = {}

    async def run(self) -> None:
        finished: list[_Outcome] = []
        async with sender(self._app).session() as session:
            while True:
                claimed, facts = await asyncio.to_thread(self._record_and_claim, finished)
                for delivery in claimed:
                    task = asyncio.create_task(self._attempt(session, delivery, facts))
                    self._under_way[task] = delivery.row.endpoint_id
                if not self._under_way:
                    return
                done, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del self._under_way[task]
                finished = [task.result() for task in done]

    def _record_and_claim(
        self, finished: list[_Outcome]
    ) -> tuple[list[ClaimedDelivery], dict[str, InterviewFacts]]:
        room = IN_FLIGHT - len(self._under_way) if time.monotonic() < self._until else 0
        with self._app.database.begin() as tx:
            tx.webhooks.delivered([(o.claimed, o.attempt) for o in finished if o.failure is None])
            for outcome in finished:
                if outcome.failure is not None:
                    self._record_failure(tx, outcome, outcome.failure)
            if room <= 0:
                return [], {}
            claimed = self._claim(tx, self._owner, room, Counter(self._under_way.values()))
            return claimed, facts_for(tx, claimed, str(self._app.settings.links.public_url))

    def _record_failure(self, tx: Transaction, outcome: _Outcome, failure: DeliveryFailed) -> None:
        row = outcome.claimed.row
        gone = failure.http_status == GONE and outcome.claimed.endpoint.kind == "webhook"
        wait_for = None if gone else retry_after(row.attempts + 1)
        # Up to a fifth more, so that the receivers of one outage are not all called in the same second.
        spread = 1 + random.random() / 5  # noqa: S311
        due = self._app.clock() + wait_for * spread if wait_for else None
        tx.webhooks.failed(outcome.claimed, outcome.attempt, due)
        if failure.pause is not None:
            tx.webhooks.pause(row.endpoint_id, self._app.clock() + failure.pause)
        if gone:
            tx.webhooks.disable_endpoint(row.endpoint_id, "gone")
        self._app.logger.warning(
            "webhook_failed",
            endpoint=row.endpoint_id,
            webhook_id=row.event_id,
            attempts=row.attempts + 1,
            detail=failure.detail,
            next_attempt_at=due and due.isoformat(),
        )

    async def _attempt(
        self,
        session: WebhookSession,
        claimed: ClaimedDelivery,
        facts: Mapping[str, InterviewFacts],
    ) -> _Outcome:
        row = claimed.row
        at = self._app.clock()
        started = time.monotonic()
        failure: DeliveryFailed | None = None
        status: int | None
        try:
            accepted = await session.call(worded(claimed, facts, self._app, at))
            status, response = accepted.status, accepted.response
        except DeliveryFailed as error:
            failure, status, response = error, error.http_status, error.response
        except (
            Exception
        ) as error:  # what one delivery breaks on must not end those to other receivers
            self._app.logger.exception("delivery_broke", webhook_id=row.event_id)
            failure = DeliveryFailed(f"an error of ours: {type(error).__name__}")
            status, response = None, ""
        attempt = AttemptMade(
            at=at,
            took_ms=round((time.monotonic() - started) * 1000),
            url=row.url,
            status=status,
            response=response or None,
            error=failure.detail if failure else None,
        )
        return _Outcome(claimed, attempt, failure)


@cache
def sender(app: Function[Settings]) -> WebhookSender:
    """The one sender of this function. Raises `MisconfiguredSetting` for a bad allow-list."""
    settings = app.settings.webhooks
    return WebhookSender(AllowList(settings.allow), timeout_s=settings.timeout_s, clock=app.clock)
