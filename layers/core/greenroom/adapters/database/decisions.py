"""Decisions on interviews, each with its reason; a new one stands beside those before."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from greenroom.adapters.database.rows import DecisionRow
from greenroom.adapters.database.rule_tables import decisions
from greenroom.adapters.database.statements import Repository
from greenroom.domain.decision import Decision, Outcome

_D = decisions.c


class Decisions(Repository):
    def all(self, interview_id: str) -> list[DecisionRow]:
        """Oldest first; the last one holds."""
        statement = sa.select(decisions).where(_D.interview_id == interview_id).order_by(_D.number)
        return [
            DecisionRow(
                number=row.number,
                decision=Decision(outcome=row.outcome, reason=row.reason, tell=row.tell),
                decided_by=row.decided_by,
                decided_at=row.decided_at,
            )
            for row in self._connection.execute(statement)
        ]

    def outcome(self, interview_id: str) -> Outcome | None:
        """Of the decision that holds; None before there is one."""
        newest = sa.select(_D.outcome).where(_D.interview_id == interview_id)
        return self._connection.scalar(newest.order_by(_D.number.desc()).limit(1))

    def to_tell(self, interview_ids: Sequence[str]) -> dict[str, Outcome]:
        """What candidates are to be told now: the outcome of the last decision, where it was made to be told."""
        newest = (
            sa.select(_D.interview_id, sa.func.max(_D.number).label("number"))
            .where(_D.interview_id.in_(interview_ids))
            .group_by(_D.interview_id)
            .subquery()
        )
        holds = (_D.interview_id == newest.c.interview_id) & (_D.number == newest.c.number)
        statement = sa.select(_D.interview_id, _D.outcome).join(newest, holds).where(_D.tell)
        return {row.interview_id: row.outcome for row in self._connection.execute(statement)}

    def add(self, interview_id: str, decision: Decision, decided_by: str) -> None:
        """The interview must be held."""
        last = sa.select(sa.func.max(_D.number)).where(_D.interview_id == interview_id)
        row = {
            "interview_id": interview_id,
            "number": (self._connection.scalar(last) or 0) + 1,
            "outcome": decision.outcome,
            "reason": decision.reason,
            "tell": decision.tell,
            "decided_by": decided_by,
            "decided_at": self._clock(),
        }
        self._connection.execute(sa.insert(decisions).values(row))
