"""Legal holds: interviews that must not be erased, whoever asks and whatever the policy says."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.retention_tables import erased_interviews, legal_holds
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import interviews
from greenroom.domain.errors import Conflict, NotFound


class LegalHolds(Repository):
    def place(self, interview_id: str, reason: str, placed_by: str) -> bool:
        """Whether this call placed it; a hold that is there stays as it was placed.

        Raises `NotFound` (`unknown_interview`), `Conflict` (`being_erased`): it comes too late.
        """
        mine = sa.select(interviews.c.id).where(interviews.c.id == interview_id)
        if self._connection.scalar(self._held(mine)) is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        erased = sa.exists().where(erased_interviews.c.interview_id == interview_id)
        if self._connection.scalar(sa.select(erased)):
            raise Conflict("this interview is being erased", code="being_erased")
        row = {
            "interview_id": interview_id,
            "reason": reason,
            "placed_by": placed_by,
            "placed_at": self._clock(),
        }
        return self._inserted(legal_holds, row)

    def lift(self, interview_id: str) -> bool:
        """Whether there was one."""
        gone = sa.delete(legal_holds).where(legal_holds.c.interview_id == interview_id)
        return self._connection.execute(gone).rowcount > 0

    def reason(self, interview_id: str) -> str | None:
        """Why the interview is held, None when it is not."""
        mine = sa.select(legal_holds.c.reason).where(legal_holds.c.interview_id == interview_id)
        return self._connection.scalar(mine)
