"""Accepted batches with the snapshot that their interviews follow."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import BatchRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import batches
from greenroom.domain.batch import BatchHead, RowError
from greenroom.domain.errors import NotFound
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.plan import Plan


class Batches(Repository):
    def create(
        self, batch_id: str, *, head: BatchHead, plan: Plan, accepted: int, errors: list[RowError]
    ) -> bool:
        """Whether this call created it: the same batch again stays as it is."""
        row = {
            "id": batch_id,
            "state": "accepted",
            "plan": plan.canonical().decode(),
            "accepted": accepted,
            "errors": json.dumps([error.model_dump() for error in errors], ensure_ascii=False),
            "deadline": head.deadline,
            "locale": head.locale,
            "created_at": self._clock(),
        }
        return self._inserted(batches, row)

    def get(self, batch_id: str) -> BatchRow:
        """Raises `NotFound` (`unknown_batch`)."""
        row = self._connection.execute(sa.select(batches).where(batches.c.id == batch_id)).first()
        if row is None:
            raise NotFound(f"no batch {batch_id}", code="unknown_batch")
        return _batch(row)

    def newest(self, limit: int, after: str | None = None) -> list[BatchRow]:
        """The newest first; `after` is the id of the last one seen. Raises `NotFound` (`unknown_batch`)."""
        order = (batches.c.created_at, batches.c.id)
        statement = sa.select(batches).order_by(*(column.desc() for column in order)).limit(limit)
        if after is not None:
            last = self.get(after)
            place = [
                sa.literal(value, column.type)
                for value, column in zip((last.created_at, last.id), order, strict=True)
            ]
            statement = statement.where(sa.tuple_(*order) < sa.tuple_(*place))
        return [_batch(row) for row in self._connection.execute(statement)]

    def hold(self, batch_id: str) -> None:
        """Nobody else who asks for the same changes the batch's objects until the commit."""
        mine = sa.select(batches.c.id).where(batches.c.id == batch_id)
        self._connection.execute(mine.with_for_update())

    def finish(self, batch_id: str) -> bool:
        """Everyone was sent their invitation, or cannot be."""
        statement = sa.update(batches).where(
            batches.c.id == batch_id, batches.c.state == "accepted"
        )
        return self._changed(statement.values(state="invited"))

    def unfinished(self, older_than: datetime, limit: int) -> list[BatchRow]:
        """Batches accepted before then that are not finished, oldest first."""
        statement = (
            sa.select(batches)
            .where(batches.c.state == "accepted", batches.c.created_at < older_than)
            .order_by(batches.c.created_at)
            .limit(limit)
        )
        return [_batch(row) for row in self._connection.execute(statement)]


@lru_cache(maxsize=64)
def read_plan(body: str) -> Plan:
    """A plan's text, parsed once: thousands of interviews share it."""
    return Plan.stored(body)


def own_plan(body: str, follow_ups: str) -> Plan:
    """The plan of one interview: its batch's, with the follow-ups that were offered in it."""
    shared = read_plan(body)
    return (
        shared if follow_ups == "[]" else shared.with_follow_ups(read_follow_ups(follow_ups))
    )  # most have none


def read_follow_ups(body: str) -> list[FollowUp]:
    return [FollowUp.model_validate(item) for item in json.loads(body)]


def _batch(row: Any) -> BatchRow:
    return BatchRow(
        id=row.id,
        state=row.state,
        plan=read_plan(row.plan),
        accepted=row.accepted,
        errors=[RowError.model_validate(item) for item in json.loads(row.errors)],
        deadline=row.deadline,
        locale=row.locale,
        created_at=row.created_at,
    )
