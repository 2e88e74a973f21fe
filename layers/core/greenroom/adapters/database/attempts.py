"""Answers and the attempts at them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.batches import own_plan
from greenroom.adapters.database.rows import AnswerRow, AttemptRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import answers, attempts, batches, interviews
from greenroom.domain.assembly import Assembly
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.interview import ANSWER_MOVES, AnswerState
from greenroom.domain.keys import AttemptRef

_BADNESS = ("complete", "gaps", "refused")


class Attempts(Repository):
    def answers(self, interview_id: str) -> list[AnswerRow]:
        """All answers of an interview, in the order of its questions, a follow-up's after its question's."""
        statement = sa.select(answers).where(answers.c.interview_id == interview_id)
        rows = self._connection.execute(statement.order_by(answers.c.position, answers.c.answer_id))
        return [_answer(row) for row in rows]

    def answer(self, interview_id: str, answer_id: str) -> AnswerRow:
        """Raises `NotFound` (`unknown_answer`)."""
        row = self._connection.execute(
            sa.select(answers).where(*_of(answers, interview_id, answer_id))
        ).first()
        if row is None:
            raise NotFound(f"no answer {answer_id[:64]!r}", code="unknown_answer")
        return _answer(row)

    def start_attempt(self, interview_id: str, answer_id: str) -> AttemptRow:
        """The next attempt; an answer that is owed is being recorded from now on.

        Raises `NotFound` (`unknown_answer`).
        """
        mine = _of(answers, interview_id, answer_id)
        # The answer's row is the lock: two starts at once get two numbers.
        found = self._connection.execute(self._held(sa.select(answers).where(*mine))).first()
        if found is None:
            raise NotFound(f"no answer {answer_id[:64]!r}", code="unknown_answer")
        highest = self._connection.scalar(
            sa.select(sa.func.max(attempts.c.attempt)).where(
                *_of(attempts, interview_id, answer_id)
            )
        )
        plan = self._connection.execute(
            sa.select(batches.c.plan, interviews.c.follow_ups)
            .join(interviews, interviews.c.batch_id == batches.c.id)
            .where(interviews.c.id == interview_id)
        ).one()
        row = AttemptRow(
            interview_id=interview_id,
            answer_id=answer_id,
            attempt=(highest or 0) + 1,
            state="recording",
            started_at=self._clock(),
            sealed_at=None,
            tracks=list(own_plan(*plan).template.question(answer_id).tracks),
            manifest_sha256=None,
        )
        self._connection.execute(
            sa.insert(attempts).values(
                interview_id=interview_id,
                answer_id=answer_id,
                attempt=row.attempt,
                state=row.state,
                started_at=row.started_at,
                tracks=json.dumps(row.tracks),
            )
        )
        self._move(interview_id, answer_id, AnswerState.RECORDING)
        return row

    def attempt(self, ref: AttemptRef) -> AttemptRow:
        """Raises `NotFound` (`unknown_attempt`)."""
        row = self._connection.execute(sa.select(attempts).where(*_is(ref))).first()
        if row is None:
            raise NotFound(f"no attempt {ref.attempt} at {ref.answer}", code="unknown_attempt")
        return AttemptRow(
            interview_id=row.interview_id,
            answer_id=row.answer_id,
            attempt=row.attempt,
            state=row.state,
            started_at=row.started_at,
            sealed_at=row.sealed_at,
            tracks=json.loads(row.tracks),
            manifest_sha256=row.manifest_sha256,
        )

    def seal_attempt(self, ref: AttemptRef, manifest_sha256: str) -> bool:
        """Whether this call sealed it. The newest sealed attempt is the answer's focus.

        Raises `Conflict` (`manifest_differs`), `NotFound` (`unknown_attempt`).
        """
        mine = _of(answers, ref.interview, ref.answer)
        self._connection.execute(self._held(sa.select(answers.c.state).where(*mine)))
        sealed = self._changed(
            sa.update(attempts)
            .where(*_is(ref), attempts.c.state == "recording")
            .values(state="sealed", sealed_at=self._clock(), manifest_sha256=manifest_sha256)
        )
        if not sealed:
            if self.attempt(ref).manifest_sha256 != manifest_sha256:
                raise Conflict(
                    "this attempt was sealed with another manifest", code="manifest_differs"
                )
            return False
        self._connection.execute(sa.update(answers).where(*mine).values(seals=answers.c.seals + 1))
        self._connection.execute(
            sa.update(answers)
            .where(*mine, answers.c.attempt < ref.attempt)
            .values(attempt=ref.attempt, state=AnswerState.SEALED, changed_at=self._clock())
        )
        return True

    def note_assembly(self, ref: AttemptRef, assembly: Assembly) -> None:
        """What became of an attempt, beside it: the figures of a batch count thousands."""
        worst = max((track.status for track in assembly.tracks), key=_BADNESS.index)
        self._connection.execute(
            sa.update(attempts).where(*_is(ref)).values(assembled=worst, lost_ms=assembly.lost_ms)
        )

    def move_answer(self, ref: AttemptRef, to: AnswerState) -> bool:
        """Compare-and-set along `ANSWER_MOVES`, only while `ref` is the attempt in focus; whether it held."""
        return self._move(ref.interview, ref.answer, to, attempt=ref.attempt)

    def stale(self, state: AnswerState, older_than: datetime, limit: int) -> list[AttemptRef]:
        """Attempts in focus whose answers sit in `state` since before then, oldest first."""
        statement = (
            sa.select(answers.c.interview_id, answers.c.answer_id, answers.c.attempt)
            .where(answers.c.state == state, answers.c.changed_at < older_than)
            .order_by(answers.c.changed_at)
            .limit(limit)
        )
        return [AttemptRef(*row) for row in self._connection.execute(statement)]

    def _move(
        self, interview_id: str, answer_id: str, to: AnswerState, *, attempt: int | None = None
    ) -> bool:
        allowed = sorted(state for state, moves in ANSWER_MOVES.items() if to in moves)
        statement = sa.update(answers).where(
            *_of(answers, interview_id, answer_id), answers.c.state.in_(allowed)
        )
        if attempt is not None:
            statement = statement.where(answers.c.attempt == attempt)
        return self._changed(statement.values(state=to, changed_at=self._clock()))


def _of(table: sa.Table, interview_id: str, answer_id: str) -> list[sa.ColumnElement[bool]]:
    return [table.c.interview_id == interview_id, table.c.answer_id == answer_id]


def _is(ref: AttemptRef) -> list[sa.ColumnElement[bool]]:
    return [*_of(attempts, ref.interview, ref.answer), attempts.c.attempt == ref.attempt]


def _answer(row: Any) -> AnswerRow:
    return AnswerRow(
        interview_id=row.interview_id,
        answer_id=row.answer_id,
        position=row.position,
        state=AnswerState(row.state),
        attempt=row.attempt,
        seals=row.seals,
    )
