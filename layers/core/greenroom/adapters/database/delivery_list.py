"""Deliveries to be read: page by page, and one with all its attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import AttemptMade, DeliveryRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import deliveries, delivery_attempts, webhook_endpoints
from greenroom.domain.endpoint_kinds import shown_url
from greenroom.domain.errors import Invalid, NotFound
from greenroom.domain.events import EventType
from greenroom.domain.webhook import DeliveryState

_D = deliveries.c
_SELECT = sa.select(deliveries, webhook_endpoints.c.url, webhook_endpoints.c.kind).join(
    webhook_endpoints, webhook_endpoints.c.id == _D.endpoint_id
)


class DeliveryList(Repository):
    def deliveries(
        self,
        interview_id: str | None = None,
        state: DeliveryState | None = None,
        endpoint_id: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[DeliveryRow]:
        """By interview in their order, otherwise the latest first; `after`: the `cursor` of the last one seen.

        Raises `Invalid` (`invalid_cursor`).
        """
        statement = _SELECT
        if state is not None:
            statement = statement.where(_D.state == state)
        if endpoint_id is not None:
            statement = statement.where(_D.endpoint_id == endpoint_id)
        if interview_id is not None:
            order: list[sa.Column[Any]] = [_D.seq, _D.endpoint_id]
            statement = statement.where(_D.interview_id == interview_id).order_by(*order)
        else:
            order = [_D.created_at, _D.event_id, _D.endpoint_id]
            statement = statement.order_by(*(column.desc() for column in order))
        if after is not None:
            place = sa.tuple_(*order)
            seen = sa.tuple_(*_place(after, order))
            statement = statement.where(place > seen if interview_id else place < seen)
        found = self._connection.execute(statement.limit(limit))
        return [delivery(row, shown_url(row.kind, row.url)) for row in found]

    def delivery(self, endpoint_id: str, event_id: str) -> DeliveryRow:
        """Raises `NotFound` (`unknown_delivery`)."""
        row = self._connection.execute(
            _SELECT.where(_D.endpoint_id == endpoint_id, _D.event_id == event_id)
        ).first()
        if row is None:
            raise NotFound(f"no delivery {event_id} to {endpoint_id}", code="unknown_delivery")
        return delivery(row, shown_url(row.kind, row.url))

    def last_delivered(self, endpoint_id: str) -> datetime | None:
        """When it last took one of the newest 1,000 that were owed to it: its index gives no more for little."""
        newest = (
            sa.select(_D.delivered_at)
            .where(_D.endpoint_id == endpoint_id)
            .order_by(_D.created_at.desc(), _D.event_id.desc())
            .limit(1000)
            .subquery()
        )
        found: datetime | None = self._connection.scalar(
            sa.select(sa.func.max(newest.c.delivered_at))
        )
        return found

    def attempts_made(self, endpoint_id: str, event_id: str) -> list[AttemptMade]:
        """The newest 100, oldest of them first."""
        attempts = delivery_attempts.c
        found = self._connection.execute(
            sa.select(delivery_attempts)
            .where(attempts.endpoint_id == endpoint_id, attempts.event_id == event_id)
            .order_by(attempts.at.desc())
            .limit(100)
        )
        return [
            AttemptMade(row.at, row.took_ms, row.url, row.status, row.response, row.error)
            for row in found
        ][::-1]


def _place(after: str, order: list[sa.Column[Any]]) -> list[sa.ColumnElement[Any]]:
    """The values of a cursor. Raises `Invalid` (`invalid_cursor`)."""
    first, *names = after.split("~")
    try:
        if len(names) != len(order) - 1 or not first.isascii():
            raise ValueError("another list's cursor")
        number = int(first)
        value = (
            number
            if order[0] is _D.seq
            else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=number)
        )
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("after: not a cursor of this list", code="invalid_cursor") from error
    return [
        sa.literal(said, column.type) for said, column in zip([value, *names], order, strict=True)
    ]


def delivery(row: Any, url: str) -> DeliveryRow:
    """A row of `deliveries`, with the address of its endpoint as it may be shown."""
    return DeliveryRow(
        endpoint_id=row.endpoint_id,
        url=url,
        event_id=row.event_id,
        interview_id=row.interview_id,
        seq=row.seq,
        type=EventType(row.type),
        state=row.state,
        attempts=row.attempts,
        owner=row.owner,
        next_attempt_at=row.next_attempt_at,
        last_status=row.last_status,
        last_error=row.last_error,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )
