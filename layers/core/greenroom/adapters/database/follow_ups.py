"""Follow-ups that were offered: each lies with its interview, once per question, and has an answer of its own."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from greenroom.adapters.database.attempts import Attempts
from greenroom.adapters.database.batches import read_follow_ups
from greenroom.adapters.database.tables import answers, interviews
from greenroom.domain.errors import NotFound
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.interview import ANSWER_MOVES, AnswerState
from greenroom.domain.model import canonical_json


class FollowUps(Attempts):
    def offer_follow_up(self, interview_id: str, offered: FollowUp) -> bool:
        """Keep the follow-up, with an answer to it; False where its question has one already.

        Raises `NotFound` (`unknown_interview`, `unknown_answer`).
        """
        mine = interviews.c.id == interview_id
        # The interview's row is the lock: of two offers at once one is kept.
        held = self._held(sa.select(interviews.c.follow_ups).where(mine))
        body: str | None = self._connection.scalar(held)
        if body is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        known = read_follow_ups(body)
        if any(item.follows == offered.follows for item in known):
            return False
        followed = self.answer(interview_id, offered.follows)
        kept = canonical_json([item.model_dump(mode="json") for item in (*known, offered)])
        self._connection.execute(
            sa.update(interviews).where(mine).values(follow_ups=kept.decode().strip())
        )
        self._connection.execute(
            sa.insert(answers).values(
                interview_id=interview_id,
                answer_id=offered.id,
                position=followed.position,
                state=AnswerState.PENDING,
                attempt=0,
                seals=0,
                changed_at=self._clock(),
            )
        )
        return True

    def skip_answers(self, interview_id: str, answer_ids: Collection[str]) -> list[str]:
        """Those of these answers that are skipped from now on; one that was given stays."""
        waiting = [state for state, moves in ANSWER_MOVES.items() if AnswerState.SKIPPED in moves]
        statement = (
            sa.update(answers)
            .where(
                answers.c.interview_id == interview_id,
                answers.c.answer_id.in_(sorted(answer_ids)),
                answers.c.state.in_(sorted(waiting)),
            )
            .values(state=AnswerState.SKIPPED, changed_at=self._clock())
            .returning(answers.c.answer_id)
        )
        return sorted(self._connection.scalars(statement))
