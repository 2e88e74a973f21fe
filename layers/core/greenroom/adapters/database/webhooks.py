"""Deliveries of webhooks: in order per endpoint and interview, one sender at a time, no receiver in another's way.

`next_attempt_at` of a delivery is never before that of an earlier one of its endpoint and interview that still
waits. So the due rows of an endpoint's index begin with those that may be sent, and a backlog is not read through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.delivery_list import DeliveryList, delivery
from greenroom.adapters.database.endpoints import Endpoints
from greenroom.adapters.database.partner_orders import PartnerOrders
from greenroom.adapters.database.rows import AttemptMade, ClaimedDelivery, EndpointRow
from greenroom.adapters.database.tables import (
    deliveries,
    delivery_attempts,
    process_log,
    webhook_endpoints,
)
from greenroom.domain.assessment import COMPLETING
from greenroom.domain.endpoint_kinds import MINUTE, ROBOT_MESSAGES_A_MINUTE
from greenroom.domain.errors import NotFound
from greenroom.domain.events import Event
from greenroom.domain.ids import new_id
from greenroom.domain.webhook import OUTAGE, PAUSED_AFTER

PER_ENDPOINT = 16
"""Deliveries under way to one receiver: a slow one never holds all of a sender's places."""

Key = tuple[str, str]
_D = deliveries.c
_FREED = {"owner": None, "leased_until": None}
_THIS = (
    _D.endpoint_id == sa.bindparam("endpoint"),
    _D.event_id == sa.bindparam("event"),
)
_ASKED_AGAIN = sa.and_(_D.state == "pending", _D.owner.is_(None), _D.attempts == 0)
"""Due again since it was claimed: nothing but a resend frees a delivery without counting an attempt."""
_DELIVERED = (
    sa.update(deliveries)
    .where(*_THIS, sa.not_(_ASKED_AGAIN))
    .values(
        state="delivered",
        last_status=sa.bindparam("status"),
        last_error=None,
        delivered_at=sa.bindparam("now"),
        **_FREED,
    )
)
_LATER = (
    sa.update(deliveries)
    .where(
        _D.endpoint_id == sa.bindparam("endpoint"),
        _D.interview_id == sa.bindparam("interview"),
        _D.seq > sa.bindparam("number"),
        _D.state == "pending",
    )
    .values(next_attempt_at=sa.bindparam("due"))
)
"""The later ones of an endpoint and interview are due together with the one before them."""


class Webhooks(DeliveryList, Endpoints):
    def fan_out(self, event: Event) -> None:
        """One delivery per active endpoint that wants the event; again, nothing changes.

        An endpoint gets no events from before it was registered.
        """
        now = self._clock()
        wanted = [
            endpoint.id
            for endpoint in self.endpoints()
            if endpoint.created_at <= event.time and self._wants(endpoint, event)
        ]
        if not wanted:
            return
        waiting = self._connection.execute(
            sa.select(_D.endpoint_id, sa.func.max(_D.next_attempt_at))
            .where(_D.interview_id == event.subject, _D.state == "pending")
            .group_by(_D.endpoint_id)
        )
        due: dict[str, datetime] = {row[0]: row[1] for row in waiting}
        self._insert_missing(
            deliveries,
            [
                {
                    "endpoint_id": endpoint,
                    "event_id": event.id,
                    "interview_id": event.subject,
                    "seq": event.sequence,
                    "type": event.type.value,
                    "state": "pending",
                    "attempts": 0,
                    "next_attempt_at": max(now, due.get(endpoint, now)),
                    "created_at": now,
                }
                for endpoint in wanted
            ],
        )

    def _wants(self, endpoint: EndpointRow, event: Event) -> bool:
        if endpoint.kind != "greenhouse":
            return endpoint.types is None or event.type in endpoint.types
        if event.type not in COMPLETING:
            return False
        callbacks = PartnerOrders(self._connection, self._clock).callbacks([event.subject])
        return callbacks.get(event.subject, "").startswith(endpoint.url)

    def claim(
        self,
        interview_id: str,
        owner: str,
        lease_s: float,
        limit: int,
        running: Mapping[str, int] | None = None,
    ) -> list[ClaimedDelivery]:
        """The due heads of one interview, one per endpoint, at most `limit`, now held by `owner`."""
        return self._claim(_D.interview_id == interview_id, owner, lease_s, limit, running or {})

    def claim_due(
        self, owner: str, lease_s: float, limit: int, running: Mapping[str, int] | None = None
    ) -> list[ClaimedDelivery]:
        """The due heads of all interviews, at most `limit`, longest due first within an endpoint.

        `running` says how many deliveries are under way to each endpoint: those with the fewest come first.
        """
        return self._claim(sa.true(), owner, lease_s, limit, running or {})

    def _claim(
        self,
        which: sa.ColumnElement[bool],
        owner: str,
        lease_s: float,
        limit: int,
        running: Mapping[str, int],
    ) -> list[ClaimedDelivery]:
        now = self._clock()
        lease = timedelta(seconds=lease_s)
        claimed: list[ClaimedDelivery] = []
        for endpoint in sorted(self.endpoints(), key=lambda one: running.get(one.id, 0)):
            if endpoint.paused_until is not None and endpoint.paused_until > now:
                continue
            probe = endpoint.failures >= PAUSED_AFTER
            most = 1 if probe else PER_ENDPOINT - running.get(endpoint.id, 0)
            if endpoint.kind in ROBOT_MESSAGES_A_MINUTE:
                most = min(most, self._room(endpoint, now))
            events = self._due(endpoint, which, now, min(most, limit - len(claimed)))
            if not events or (probe and not self._take_probe(endpoint, lease)):
                continue
            mine = (_D.endpoint_id == endpoint.id) & _D.event_id.in_(events)
            self._connection.execute(
                sa.update(deliveries).where(mine).values(owner=owner, leased_until=now + lease)
            )
            claimed += self._claimed(endpoint, mine, now, probe)
        return claimed

    def _room(self, endpoint: EndpointRow, now: datetime) -> int:
        """How many messages its platform still takes from a robot in this minute, less those under way.

        The endpoint's row is locked, so that two senders do not both count the same room. While another has it,
        there is none: waiting for it here, with the locks of other robots in hand, could be a deadlock.
        """
        mine = sa.select(webhook_endpoints.c.id).where(webhook_endpoints.c.id == endpoint.id)
        if self._connection.scalar(self._free(mine, webhook_endpoints)) is None:
            return 0
        made = delivery_attempts.c
        sent = sa.select(sa.func.count()).where(
            made.at > now - MINUTE, made.endpoint_id == endpoint.id
        )
        under_way = sa.select(sa.func.count()).where(
            _D.endpoint_id == endpoint.id, _D.state == "pending", _D.leased_until > now
        )
        used = (self._connection.scalar(sent) or 0) + (self._connection.scalar(under_way) or 0)
        return ROBOT_MESSAGES_A_MINUTE[endpoint.kind] - used

    def _due(
        self, endpoint: EndpointRow, which: sa.ColumnElement[bool], now: datetime, limit: int
    ) -> list[str]:
        if limit <= 0:
            return []
        earlier = deliveries.alias("earlier")
        is_head = ~sa.exists().where(
            earlier.c.endpoint_id == _D.endpoint_id,
            earlier.c.interview_id == _D.interview_id,
            earlier.c.seq < _D.seq,
            earlier.c.state == "pending",
        )
        due = (
            sa.select(_D.event_id)
            .where(
                which,
                _D.endpoint_id == endpoint.id,
                _D.state == "pending",
                _D.next_attempt_at <= now,
                _D.leased_until.is_(None) | (_D.leased_until <= now),
                is_head,
            )
            .order_by(_D.next_attempt_at)
            .limit(limit)
        )
        return list(self._connection.scalars(self._free(due, deliveries)))

    def _claimed(
        self, endpoint: EndpointRow, mine: sa.ColumnElement[bool], now: datetime, probe: bool
    ) -> list[ClaimedDelivery]:
        statement = (
            sa.select(deliveries, process_log.c.event)
            .join(
                process_log,
                (process_log.c.interview_id == _D.interview_id) & (process_log.c.seq == _D.seq),
            )
            .where(mine)
            .order_by(_D.next_attempt_at)
        )
        return [
            ClaimedDelivery(
                row=delivery(row, endpoint.shown_url),
                endpoint=endpoint,
                body=row.event.rstrip("\n").encode(),
                secrets=endpoint.secrets(now),
                probe=probe,
            )
            for row in self._connection.execute(statement)
        ]

    def delivered(self, done: Sequence[tuple[ClaimedDelivery, AttemptMade]]) -> None:
        """The receiver took them; however late we hear of it, they need not be sent again.

        Unless that was asked for while they were on their way: then they are still owed.
        """
        if not done:
            return
        now = self._clock()
        values: list[dict[str, Any]] = [
            {
                "endpoint": claimed.row.endpoint_id,
                "event": claimed.row.event_id,
                "interview": claimed.row.interview_id,
                "number": claimed.row.seq,
                "status": attempt.status,
                "now": now,
                "due": now,
            }
            for claimed, attempt in done
        ]
        self._connection.execute(_DELIVERED, _only(values, "endpoint", "event", "status", "now"))
        self._connection.execute(
            _LATER.where(_D.next_attempt_at > now),
            _only(values, "endpoint", "interview", "number", "due"),
        )
        self._keep_attempts(done)
        for endpoint in sorted({claimed.row.endpoint_id for claimed, _ in done}):
            since = self._close_breaker(endpoint)
            if since is not None and now - since >= OUTAGE:
                self._all_due(endpoint, now)

    def failed(
        self, claimed: ClaimedDelivery, attempt: AttemptMade, next_attempt_at: datetime | None
    ) -> None:
        """Tried again at `next_attempt_at`, or dead when that is None: later events go on without it.

        Counts only while the delivery is still leased to whoever claimed this row: one that comes too late
        must not end the lease of the next.
        """
        row = claimed.row
        values: dict[str, Any] = (
            {"state": "dead"} if next_attempt_at is None else {"next_attempt_at": next_attempt_at}
        )
        counts = self._changed(
            sa.update(deliveries)
            .where(
                *_is(row.endpoint_id, row.event_id), _D.state == "pending", _D.owner == row.owner
            )
            .values(
                attempts=_D.attempts + 1,
                last_status=attempt.status,
                last_error=attempt.error,
                **_FREED,
                **values,
            )
        )
        self._keep_attempts([(claimed, attempt)])
        if not counts:
            return
        self._connection.execute(
            _LATER,
            {
                "endpoint": row.endpoint_id,
                "interview": row.interview_id,
                "number": row.seq,
                "due": next_attempt_at or self._clock(),
            },
        )
        self._count_failure(row.endpoint_id, claimed.probe)

    def resend(self, endpoint_id: str, event_id: str) -> tuple[str, int]:
        """Due again now, under its own id; its interview and number. Raises `NotFound` (`unknown_delivery`)."""
        again = self._connection.execute(
            _due_again(self._clock())
            .where(*_is(endpoint_id, event_id))
            .returning(_D.interview_id, _D.seq)
        ).first()
        if again is None:
            raise NotFound(f"no delivery {event_id} to {endpoint_id}", code="unknown_delivery")
        return again.interview_id, again.seq

    def resend_since(self, endpoint_id: str, since: datetime, states: Sequence[str]) -> int:
        """All of an endpoint in one of `states` that were created since then are due now; how many."""
        return self._connection.execute(
            _due_again(self._clock()).where(
                _D.endpoint_id == endpoint_id, _D.created_at >= since, _D.state.in_(states)
            )
        ).rowcount

    def forget_attempts(self, before: datetime, limit: int) -> None:
        """Delete at most `limit` attempts that were made before then."""
        old = sa.select(delivery_attempts.c.id).where(delivery_attempts.c.at < before).limit(limit)
        self._connection.execute(
            sa.delete(delivery_attempts).where(delivery_attempts.c.id.in_(old))
        )

    def _all_due(self, endpoint_id: str, now: datetime) -> None:
        self._connection.execute(
            sa.update(deliveries)
            .where(_D.endpoint_id == endpoint_id, _D.state == "pending", _D.next_attempt_at > now)
            .values(next_attempt_at=now)
        )

    def _keep_attempts(self, made: Sequence[tuple[ClaimedDelivery, AttemptMade]]) -> None:
        """Those of deliveries that are still there: an interview may have been erased while its event was sent."""
        still = self._held(
            sa.select(_D.endpoint_id, _D.event_id).where(
                _D.endpoint_id.in_({claimed.row.endpoint_id for claimed, _ in made}),
                _D.event_id.in_([claimed.row.event_id for claimed, _ in made]),
            )
        )
        there = {tuple(row) for row in self._connection.execute(still)}
        rows = [
            {
                "id": new_id("att"),
                "endpoint_id": claimed.row.endpoint_id,
                "event_id": claimed.row.event_id,
                "at": attempt.at,
                "took_ms": attempt.took_ms,
                "url": attempt.url,
                "status": attempt.status,
                "response": attempt.response,
                "error": attempt.error,
            }
            for claimed, attempt in made
            if (claimed.row.endpoint_id, claimed.row.event_id) in there
        ]
        if rows:
            self._connection.execute(sa.insert(delivery_attempts), rows)


def _due_again(now: datetime) -> sa.Update:
    return sa.update(deliveries).values(
        state="pending", attempts=0, next_attempt_at=now, delivered_at=None, **_FREED
    )


def _is(endpoint_id: str, event_id: str) -> list[sa.ColumnElement[bool]]:
    return [_D.endpoint_id == endpoint_id, _D.event_id == event_id]


def _only(rows: Sequence[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]
