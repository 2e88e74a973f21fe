"""Who interviews whom, by mail address: an interviewer may be assigned before ever signing in."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import interviewers
from greenroom.adapters.database.statements import Repository

_TABLE = interviewers


class Interviewers(Repository):
    def assign(self, interview_id: str, emails: Sequence[str]) -> bool:
        """These and no others; whether that changed anything. Raises `Conflict` for an unknown interview."""
        wanted, before = {email.lower() for email in emails}, set(self.of(interview_id))
        gone = sa.delete(_TABLE).where(
            _TABLE.c.interview_id == interview_id, _TABLE.c.email.in_(before - wanted)
        )
        self._connection.execute(gone)
        now = self._clock()
        rows = [
            {"interview_id": interview_id, "email": email, "assigned_at": now}
            for email in sorted(wanted - before)
        ]
        self._insert_missing(_TABLE, rows)
        return wanted != before

    def of(self, interview_id: str) -> list[str]:
        """The addresses, sorted."""
        mine = sa.select(_TABLE.c.email).where(_TABLE.c.interview_id == interview_id)
        return list(self._connection.scalars(mine.order_by(_TABLE.c.email)))
