"""Webhook endpoints and deliveries: in order per endpoint and interview, one sender at a time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import DeliveryRow, EndpointRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import deliveries, webhook_endpoints
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.events import Event, EventType
from greenroom.domain.ids import new_id
from greenroom.domain.webhook import DeliveryState, WebhookEndpointRequest

ACTIVE = "active"


class Webhooks(Repository):
    def add_endpoint(self, wanted: WebhookEndpointRequest, secret: str) -> EndpointRow:
        """Raises `Conflict` (`endpoint_exists`) when the URL is registered and active."""
        row = EndpointRow(
            id=new_id("wep"),
            url=wanted.url,
            secret=secret,
            types=wanted.types,
            state=ACTIVE,
            created_at=self._clock(),
        )
        values = {
            "id": row.id,
            "url": row.url,
            "secret": row.secret,
            "types": json.dumps([kind.value for kind in row.types]) if row.types else None,
            "state": row.state,
            "created_at": row.created_at,
        }
        if not self._inserted(webhook_endpoints, values):
            raise Conflict(f"{wanted.url} is registered", code="endpoint_exists")
        return row

    def endpoints(self, active_only: bool = True) -> list[EndpointRow]:
        statement = sa.select(webhook_endpoints)
        if active_only:
            statement = statement.where(webhook_endpoints.c.state == ACTIVE)
        ordered = statement.order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
        return [_endpoint(row) for row in self._connection.execute(ordered)]

    def disable_endpoint(self, endpoint_id: str, reason: str) -> None:
        """Raises `NotFound` (`unknown_endpoint`). One that is disabled already keeps its reason."""
        mine = webhook_endpoints.c.id == endpoint_id
        if self._connection.scalar(sa.select(webhook_endpoints.c.id).where(mine)) is None:
            raise NotFound(f"no webhook endpoint {endpoint_id}", code="unknown_endpoint")
        self._connection.execute(
            sa.update(webhook_endpoints)
            .where(mine, webhook_endpoints.c.state == ACTIVE)
            .values(state=reason)
        )

    def fan_out(self, event: Event) -> None:
        """One delivery per active endpoint that wants the event; again, nothing changes.

        An endpoint gets no events from before it was registered.
        """
        now = self._clock()
        self._insert_missing(
            deliveries,
            [
                {
                    "endpoint_id": endpoint.id,
                    "event_id": event.id,
                    "interview_id": event.subject,
                    "seq": event.sequence,
                    "type": event.type.value,
                    "state": "pending",
                    "attempts": 0,
                    "next_attempt_at": now,
                }
                for endpoint in self.endpoints()
                if endpoint.created_at <= event.time
                and (endpoint.types is None or event.type in endpoint.types)
            ],
        )

    def claim(self, interview_id: str, owner: str, lease_s: float, limit: int) -> list[DeliveryRow]:
        """The due heads of one interview, one per endpoint, at most `limit`, now held by `owner`."""
        return self._claim(deliveries.c.interview_id == interview_id, owner, lease_s, limit)

    def claim_due(self, owner: str, lease_s: float, limit: int) -> list[DeliveryRow]:
        """The due heads of all interviews, longest due first, at most `limit`."""
        return self._claim(sa.true(), owner, lease_s, limit)

    def _claim(
        self, which: sa.ColumnElement[bool], owner: str, lease_s: float, limit: int
    ) -> list[DeliveryRow]:
        now = self._clock()
        earlier = deliveries.alias("earlier")
        # Not by next_attempt_at: an earlier event that waits for its retry holds the later ones back.
        is_head = ~sa.exists().where(
            earlier.c.endpoint_id == deliveries.c.endpoint_id,
            earlier.c.interview_id == deliveries.c.interview_id,
            earlier.c.seq < deliveries.c.seq,
            earlier.c.state == "pending",
        )
        due = self._free(
            sa.select(deliveries.c.endpoint_id, deliveries.c.event_id)
            .join(webhook_endpoints, webhook_endpoints.c.id == deliveries.c.endpoint_id)
            .where(
                which,
                deliveries.c.state == "pending",
                deliveries.c.next_attempt_at <= now,
                (deliveries.c.leased_until.is_(None)) | (deliveries.c.leased_until <= now),
                webhook_endpoints.c.state == ACTIVE,
                is_head,
            )
            .order_by(deliveries.c.next_attempt_at, deliveries.c.event_id)
            .limit(limit),
            deliveries,
        )
        keys = [tuple(row) for row in self._connection.execute(due)]
        if not keys:
            return []
        mine = sa.tuple_(deliveries.c.endpoint_id, deliveries.c.event_id).in_(keys)
        self._connection.execute(
            sa.update(deliveries)
            .where(mine)
            .values(owner=owner, leased_until=now + timedelta(seconds=lease_s))
        )
        return self._rows(_SELECT.where(mine))

    def delivered(self, delivery: DeliveryRow, status: int) -> None:
        """The receiver took it; however late we hear of it, it need not be sent again."""
        self._connection.execute(
            sa.update(deliveries)
            .where(*_is(delivery.endpoint_id, delivery.event_id))
            .values(
                state="delivered",
                last_status=status,
                last_error=None,
                delivered_at=self._clock(),
                owner=None,
                leased_until=None,
            )
        )

    def failed(
        self,
        delivery: DeliveryRow,
        error: str,
        status: int | None,
        next_attempt_at: datetime | None,
    ) -> None:
        """Tried again at `next_attempt_at`, or dead when that is None: later events go on without it.

        Counts only while the delivery is still leased to whoever claimed this row: one that comes too late
        must not end the lease of the next.
        """
        values: dict[str, Any] = (
            {"state": "dead"} if next_attempt_at is None else {"next_attempt_at": next_attempt_at}
        )
        self._connection.execute(
            sa.update(deliveries)
            .where(
                *_is(delivery.endpoint_id, delivery.event_id),
                deliveries.c.state == "pending",
                deliveries.c.owner == delivery.owner,
            )
            .values(
                attempts=deliveries.c.attempts + 1,
                last_status=status,
                last_error=error,
                owner=None,
                leased_until=None,
                **values,
            )
        )

    def deliveries(
        self,
        interview_id: str | None = None,
        state: DeliveryState | None = None,
        limit: int = 100,
    ) -> list[DeliveryRow]:
        """By interview in their order, otherwise the latest first."""
        statement = _SELECT
        if state is not None:
            statement = statement.where(deliveries.c.state == state)
        if interview_id is not None:
            statement = statement.where(deliveries.c.interview_id == interview_id)
            statement = statement.order_by(deliveries.c.seq, deliveries.c.endpoint_id)
        else:
            statement = statement.order_by(
                deliveries.c.next_attempt_at.desc(), deliveries.c.event_id
            )
        return self._rows(statement.limit(limit))

    def resend(self, endpoint_id: str, event_id: str) -> DeliveryRow:
        """Due again now, under its own id. Raises `NotFound` (`unknown_delivery`)."""
        again = self._changed(
            sa.update(deliveries)
            .where(*_is(endpoint_id, event_id))
            .values(
                state="pending",
                attempts=0,
                next_attempt_at=self._clock(),
                delivered_at=None,
                owner=None,
                leased_until=None,
            )
        )
        if not again:
            raise NotFound(f"no delivery {event_id} to {endpoint_id}", code="unknown_delivery")
        return self._rows(_SELECT.where(*_is(endpoint_id, event_id)))[0]

    def _rows(self, statement: sa.Select[Any]) -> list[DeliveryRow]:
        return [
            DeliveryRow(
                endpoint_id=row.endpoint_id,
                url=row.url,
                secret=row.secret,
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
            )
            for row in self._connection.execute(statement)
        ]


_SELECT = sa.select(deliveries, webhook_endpoints.c.url, webhook_endpoints.c.secret).join(
    webhook_endpoints, webhook_endpoints.c.id == deliveries.c.endpoint_id
)


def _is(endpoint_id: str, event_id: str) -> list[sa.ColumnElement[bool]]:
    return [deliveries.c.endpoint_id == endpoint_id, deliveries.c.event_id == event_id]


def _endpoint(row: Any) -> EndpointRow:
    return EndpointRow(
        id=row.id,
        url=row.url,
        secret=row.secret,
        types=[EventType(kind) for kind in json.loads(row.types)] if row.types else None,
        state=row.state,
        created_at=row.created_at,
    )
