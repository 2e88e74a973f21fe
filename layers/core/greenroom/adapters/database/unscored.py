"""Interviews that were submitted and are not scored yet: those to take up, and those that wait for a notice."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import answers, interviews, process_log
from greenroom.domain.events import EventType
from greenroom.domain.interview import SETTLED, InterviewState

_NOTICED = (EventType.INTERVIEW_INVITED, EventType.INTERVIEW_OPENED)


class Unscored(Repository):
    def find(self, older_than: datetime, limit: int) -> list[str]:
        """Submitted interviews, unchanged since then, whose answers are all settled and which wait for nothing."""
        open_answer = sa.exists().where(
            answers.c.interview_id == interviews.c.id,
            answers.c.state.not_in(sorted(SETTLED)),
        )
        waits = interviews.c.scored_from.is_not(None) & (interviews.c.scored_from > self._clock())
        statement = (
            sa.select(interviews.c.id)
            .where(
                interviews.c.state == InterviewState.SUBMITTED,
                interviews.c.changed_at < older_than,
                ~waits,
                ~open_answer,
            )
            .order_by(interviews.c.changed_at)
            .limit(limit)
        )
        return list(self._connection.scalars(statement))

    def noticed_at(self, interview_id: str) -> datetime | None:
        """When the candidate was first told: the invitation was sent, or its link opened."""
        statement = sa.select(sa.func.min(process_log.c.at)).where(
            process_log.c.interview_id == interview_id,
            process_log.c.type.in_([kind.value for kind in _NOTICED]),
        )
        told: datetime | None = self._connection.scalar(statement)
        return told

    def wait(self, interview_id: str, until: datetime) -> bool:
        """It is not to be scored before; False when that was known."""
        new = interviews.c.scored_from.is_(None) | (interviews.c.scored_from != until)
        statement = sa.update(interviews).where(interviews.c.id == interview_id, new)
        return self._changed(statement.values(scored_from=until))
