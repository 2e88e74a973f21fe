"""Disposals: when each kind of an interview's data is to be deleted by its policy, and when it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.batches import read_plan
from greenroom.adapters.database.retention_tables import disposals, legal_holds
from greenroom.adapters.database.rows import Disposal
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import batches, evaluations, interviews
from greenroom.domain.interview import InterviewState
from greenroom.domain.policy import Policy
from greenroom.domain.retention import CLOSED, DATA_KINDS, DataKind, due_at, ended_at


class Disposals(Repository):
    def plan(self, limit: int) -> int:
        """Note when the data of interviews that have ended is due; how many there were, at most `limit`."""
        planned = sa.exists().where(disposals.c.interview_id == interviews.c.id)
        over = interviews.c.state.in_(sorted(CLOSED)) | (interviews.c.deadline <= self._clock())
        ended = sa.select(interviews.c.id).where(over, ~planned).limit(limit)
        ids = list(self._connection.scalars(ended))
        for one in ids:
            due, _ = self._due(one)
            rows = [
                {"interview_id": one, "kind": kind, "due_at": at, "done_at": None}
                for kind, at in due.items()
            ]
            self._insert_missing(disposals, rows)
        return len(ids)

    def due(self, limit: int, after: Disposal | None = None) -> list[Disposal]:
        """What is past its time and not under legal hold, the longest due first; `after` the last one seen."""
        held = sa.exists().where(legal_holds.c.interview_id == disposals.c.interview_id)
        order = [disposals.c.due_at, disposals.c.interview_id, disposals.c.kind]
        statement = sa.select(disposals).where(
            disposals.c.done_at.is_(None), disposals.c.due_at <= self._clock(), ~held
        )
        if after is not None:
            seen = [after.due_at, after.interview_id, after.kind]
            place = (
                sa.literal(said, column.type) for said, column in zip(seen, order, strict=True)
            )
            statement = statement.where(sa.tuple_(*order) > sa.tuple_(*place))
        return [
            Disposal(row.interview_id, row.kind, row.due_at)
            for row in self._connection.execute(statement.order_by(*order).limit(limit))
        ]

    def still_due(self, disposal: Disposal) -> bool:
        """Whether it is due by what holds now: the interview may have gone on. If not, its time is put off.

        Nobody else changes the interview until the commit.
        """
        mine = sa.select(interviews.c.id).where(interviews.c.id == disposal.interview_id)
        if self._connection.scalar(self._held(mine)) is None:
            return False
        if self._connection.scalar(
            sa.select(sa.exists().where(legal_holds.c.interview_id == disposal.interview_id))
        ):
            return False
        due, _ = self._due(disposal.interview_id)
        if due[disposal.kind] <= self._clock():
            return True
        self._connection.execute(
            sa.update(disposals)
            .where(*_is(disposal), disposals.c.done_at.is_(None))
            .values(due_at=due[disposal.kind])
        )
        return False

    def done(self, disposal: Disposal) -> Policy | None:
        """It was deleted; the policy that asked for it, None when another run has marked it."""
        first = (
            sa.update(disposals)
            .where(*_is(disposal), disposals.c.done_at.is_(None))
            .values(done_at=self._clock())
        )
        return self._due(disposal.interview_id)[1] if self._changed(first) else None

    def forget_evaluations(self, interview_id: str) -> None:
        """What reviewers wrote goes with the reports that they wrote about."""
        mine = evaluations.c.interview_id == interview_id
        self._connection.execute(sa.delete(evaluations).where(mine))

    def dates(self, interview_id: str) -> dict[DataKind, datetime | None]:
        """When each kind of data will be or was deleted; None while the procedure runs."""
        found: dict[DataKind, datetime | None] = dict.fromkeys(DATA_KINDS)
        row = self._connection.execute(_ABOUT.where(interviews.c.id == interview_id)).first()
        if row is None or (row.state not in CLOSED and row.deadline > self._clock()):
            return found
        found.update(self._due(interview_id)[0])
        kept = sa.select(disposals).where(disposals.c.interview_id == interview_id)
        found.update(
            {one.kind: one.done_at for one in self._connection.execute(kept) if one.done_at}
        )
        return found

    def _due(self, interview_id: str) -> tuple[dict[DataKind, datetime], Policy]:
        row = self._connection.execute(_ABOUT.where(interviews.c.id == interview_id)).one()
        policy = read_plan(row.plan).policy
        ended = ended_at(InterviewState(row.state), row.changed_at, row.deadline)
        return due_at(policy.retention, ended), policy


_ABOUT = sa.select(
    interviews.c.state, interviews.c.changed_at, interviews.c.deadline, batches.c.plan
).join(batches, batches.c.id == interviews.c.batch_id)


def _is(disposal: Disposal) -> Sequence[sa.ColumnElement[Any]]:
    return [
        disposals.c.interview_id == disposal.interview_id,
        disposals.c.kind == disposal.kind,
    ]
