"""Webhook endpoints: who is registered, with which secrets, and whose circuit breaker is open."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import EndpointRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import webhook_endpoints
from greenroom.domain.endpoint_kinds import ROBOTS, ChatNotice, RestCall
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.events import EventType
from greenroom.domain.ids import new_id
from greenroom.domain.webhook import WebhookEndpointRequest, pause_after

ACTIVE = "active"
_E = webhook_endpoints.c


class Endpoints(Repository):
    def add_endpoint(self, wanted: WebhookEndpointRequest, secret: str) -> EndpointRow:
        """Raises `Conflict` (`endpoint_exists`) when the URL is registered and active."""
        row = EndpointRow(
            id=new_id("wep"),
            url=wanted.url,
            secret=secret,
            types=wanted.types,
            state=ACTIVE,
            created_at=self._clock(),
            kind=wanted.kind,
            notice=wanted.notice,
            rest=wanted.rest,
        )
        wording = wanted.notice or wanted.rest
        values = {
            "id": row.id,
            "kind": row.kind,
            "url": row.url,
            "wording": wording.model_dump_json() if wording else None,
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
            statement = statement.where(_E.state == ACTIVE)
        ordered = statement.order_by(_E.created_at, _E.id)
        return [_endpoint(row) for row in self._connection.execute(ordered)]

    def active_endpoint(self, endpoint_id: str) -> EndpointRow:
        """Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_not_active`)."""
        endpoint = self.endpoint(endpoint_id)
        if endpoint.state != ACTIVE:
            raise Conflict(f"{endpoint_id} is {endpoint.state}", code="endpoint_not_active")
        return endpoint

    def endpoint(self, endpoint_id: str) -> EndpointRow:
        """Whatever its state. Raises `NotFound` (`unknown_endpoint`)."""
        row = self._connection.execute(
            sa.select(webhook_endpoints).where(_E.id == endpoint_id)
        ).first()
        if row is None:
            raise NotFound(f"no webhook endpoint {endpoint_id}", code="unknown_endpoint")
        return _endpoint(row)

    def enable_endpoint(self, endpoint_id: str) -> bool:
        """It gets events again from now on, its breaker closed; whether it was disabled.

        Raises `NotFound` (`unknown_endpoint`), `Conflict` (`endpoint_exists`) when its URL was registered anew.
        """
        endpoint = self.endpoint(endpoint_id)
        if endpoint.state == ACTIVE:
            return False
        anew = {"state": ACTIVE, "failures": 0, "failing_since": None, "paused_until": None}
        change = sa.update(webhook_endpoints).where(_E.id == endpoint_id, _E.state != ACTIVE)
        try:
            with self._connection.begin_nested():
                return self._changed(change.values(anew))
        except sa.exc.IntegrityError as error:  # an active endpoint has this URL
            raise Conflict(f"{endpoint.url} is registered", code="endpoint_exists") from error

    def disable_endpoint(self, endpoint_id: str, reason: str) -> None:
        """Raises `NotFound` (`unknown_endpoint`). One that is disabled already keeps its reason."""
        mine = _E.id == endpoint_id
        if self._connection.scalar(sa.select(_E.id).where(mine)) is None:
            raise NotFound(f"no webhook endpoint {endpoint_id}", code="unknown_endpoint")
        self._connection.execute(
            sa.update(webhook_endpoints).where(mine, _E.state == ACTIVE).values(state=reason)
        )

    def rotate_secret(self, endpoint_id: str, secret: str, former_until: datetime) -> EndpointRow:
        """From now on `secret` signs, beside the former one until `former_until`.

        A second rotation within the overlap ends the oldest secret. Raises as `active_endpoint` does.
        """
        former = self.active_endpoint(endpoint_id).secret
        self._connection.execute(
            sa.update(webhook_endpoints)
            .where(_E.id == endpoint_id)
            .values(secret=secret, former_secret=former, former_until=former_until)
        )
        return self.active_endpoint(endpoint_id)

    def pause(self, endpoint_id: str, until: datetime) -> None:
        """Nothing is sent before then: the receiver asked to be left alone."""
        self._connection.execute(
            sa.update(webhook_endpoints).where(_E.id == endpoint_id).values(paused_until=until)
        )

    def end_pause(self, endpoint_id: str) -> None:
        """The next delivery may be tried at once: somebody asked for it, or the receiver is said to be back."""
        self._connection.execute(
            sa.update(webhook_endpoints).where(_E.id == endpoint_id).values(paused_until=None)
        )

    def _take_probe(self, endpoint: EndpointRow, lease: timedelta) -> bool:
        """Whether it is ours to find out if a receiver that was down is back; nobody else tries for `lease`."""
        now = self._clock()
        return self._changed(
            sa.update(webhook_endpoints)
            .where(
                _E.id == endpoint.id,
                _E.paused_until.is_(None) | (_E.paused_until <= now),
            )
            .values(paused_until=now + lease)
        )

    def _count_failure(self, endpoint_id: str, probe: bool) -> None:
        """Opens the breaker after enough failures in a row.

        While it is open only the probe counts: what was under way when it opened says nothing new.
        """
        now = self._clock()
        mine = self._held(sa.select(webhook_endpoints).where(_E.id == endpoint_id))
        endpoint = _endpoint(self._connection.execute(mine).one())
        if endpoint.paused_until is not None and endpoint.paused_until > now and not probe:
            return
        failures = endpoint.failures + 1
        pause = pause_after(failures)
        self._connection.execute(
            sa.update(webhook_endpoints)
            .where(_E.id == endpoint_id)
            .values(
                failures=failures,
                failing_since=endpoint.failing_since or now,
                paused_until=now + pause if pause else None,
            )
        )

    def _close_breaker(self, endpoint_id: str) -> datetime | None:
        """It answered well: since when it had failed, or None when it had not."""
        failing = sa.select(_E.failing_since).where(_E.id == endpoint_id, _E.failures > 0)
        since: datetime | None = self._connection.scalar(failing)
        if since is not None:
            self._connection.execute(
                sa.update(webhook_endpoints)
                .where(_E.id == endpoint_id)
                .values(failures=0, failing_since=None, paused_until=None)
            )
        return since


def _endpoint(row: Any) -> EndpointRow:
    return EndpointRow(
        id=row.id,
        url=row.url,
        secret=row.secret,
        types=[EventType(kind) for kind in json.loads(row.types)] if row.types else None,
        state=row.state,
        created_at=row.created_at,
        former_secret=row.former_secret,
        former_until=row.former_until,
        failures=row.failures,
        failing_since=row.failing_since,
        paused_until=row.paused_until,
        kind=row.kind,
        notice=ChatNotice.stored(row.wording) if row.kind in ROBOTS and row.wording else None,
        rest=RestCall.stored(row.wording) if row.kind == "rest" else None,
    )
