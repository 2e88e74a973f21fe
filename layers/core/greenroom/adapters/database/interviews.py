"""Interviews, their answers and consents. Every move is one compare-and-set along the domain's diagram."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database import interview_list
from greenroom.adapters.database.batches import read_plan
from greenroom.adapters.database.candidates import Candidates
from greenroom.adapters.database.follow_ups import FollowUps
from greenroom.adapters.database.interview_rows import INTERVIEWS, read_interview
from greenroom.adapters.database.retention_tables import erased_interviews
from greenroom.adapters.database.rows import InterviewRow, NewInterview
from greenroom.adapters.database.tables import (
    answers,
    batches,
    candidates,
    consents,
    interviews,
    scores,
)
from greenroom.domain.batch import Resume
from greenroom.domain.consent import PURPOSES, Consents
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.interview import (
    INTERVIEW_MOVES,
    AnswerState,
    InterviewState,
)
from greenroom.domain.interview_query import NEWEST_FIRST, ByMoment, Order, ScoreBound

_LINK = sa.select(interviews.c.token_version, interviews.c.state)


class Interviews(FollowUps):
    def create_many(self, batch_id: str, wanted: Sequence[NewInterview]) -> list[str]:
        """Create the interviews that are not there yet and were not erased, with an answer per question; their ids.

        What is known about their candidates becomes what the new ones say. Raises `NotFound`
        (`unknown_batch`).
        """
        # The batch's row is locked, so that two workers on the same rows agree on who created what.
        mine = sa.select(batches.c.plan).where(batches.c.id == batch_id)
        plan = self._connection.scalar(self._held(mine))
        if plan is None:
            raise NotFound(f"no batch {batch_id}", code="unknown_batch")
        questions = read_plan(plan).template.questions
        job = read_plan(plan).model.id
        now = self._clock()
        ids = [item.id for item in wanted]
        there = set(
            self._connection.scalars(sa.select(interviews.c.id).where(interviews.c.id.in_(ids)))
        )
        there |= set(
            self._connection.scalars(
                sa.select(erased_interviews.c.interview_id).where(
                    erased_interviews.c.interview_id.in_(ids)
                )
            )
        )
        new = [item for item in wanted if item.id not in there]
        Candidates(self._connection, self._clock).keep([item.candidate for item in new])
        self._insert_missing(
            interviews,
            [
                {
                    "id": item.id,
                    "batch_id": batch_id,
                    "job": job,
                    "candidate_id": item.candidate.external_id,
                    "locale": item.locale,
                    "state": InterviewState.CREATED,
                    "deadline": item.deadline,
                    "created_at": now,
                    "changed_at": now,
                }
                for item in new
            ],
        )
        self._insert_missing(
            answers,
            [
                {
                    "interview_id": item.id,
                    "answer_id": question.id,
                    "position": position,
                    "state": AnswerState.PENDING,
                    "attempt": 0,
                    "seals": 0,
                    "changed_at": now,
                }
                for item in new
                for position, question in enumerate(questions)
            ],
        )
        return [item.id for item in new]

    def get(self, interview_id: str) -> InterviewRow:
        """Raises `NotFound` (`unknown_interview`)."""
        found = self._connection.execute(INTERVIEWS.where(interviews.c.id == interview_id)).first()
        if found is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        return read_interview(found)

    def link(self, interview_id: str) -> tuple[int, InterviewState]:
        """What a personal link is held against, without all that an interview has: the version that is good, and the
        state. Raises `NotFound` (`unknown_interview`)."""
        statement = _LINK.where(interviews.c.id == interview_id)
        found = self._connection.execute(statement).first()
        if found is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        return found.token_version, InterviewState(found.state)

    def many(self, interview_ids: Iterable[str]) -> dict[str, InterviewRow]:
        """Those of the interviews that exist, by id."""
        statement = INTERVIEWS.where(interviews.c.id.in_(list(interview_ids)))
        return {row.id: read_interview(row) for row in self._connection.execute(statement)}

    def find(
        self,
        *,
        state: InterviewState | None = None,
        batch: str | None = None,
        job: str | None = None,
        candidate: str | None = None,
        flag: str | None = None,
        scores: Iterable[ScoreBound] = (),
        order: Order = NEWEST_FIRST,
        interviewer: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[InterviewRow]:
        """Those that fit all of it, in `order`; `after` is the id of the last one seen.

        `interviewer` is the mail address of somebody who is assigned.

        Raises `NotFound` for an unknown cursor, `Conflict` (`cursor_lost`) for one that lost the score that
        it was sorted by.
        """
        statement = interview_list.in_order(INTERVIEWS, order)
        statement = interview_list.fitting(
            statement,
            state=state,
            batch=batch,
            job=job,
            candidate=candidate,
            flag=flag,
            scores=scores,
            interviewer=interviewer,
        )
        if after is not None:
            value = self._sorted_by(after, order)
            statement = interview_list.beyond(statement, order, value, after)
        return [
            read_interview(row) for row in self._connection.execute(statement.limit(limit)).all()
        ]

    def count(self, order: Order, at_most: int, *, after: str | None = None, **wanted: Any) -> int:
        """How many `find` would show with these filters, counted up to `at_most`.

        Raises what `find` raises.
        """
        counted = interview_list.in_order(sa.select(interviews.c.id), order)
        counted = interview_list.fitting(counted, **wanted)
        if after is not None:
            counted = interview_list.beyond(counted, order, self._sorted_by(after, order), after)
        found = counted.order_by(None).limit(at_most).subquery()
        return self._connection.scalar(sa.select(sa.func.count()).select_from(found)) or 0

    def _sorted_by(self, interview_id: str, order: Order) -> Any:
        """The value by which an interview stands where it stands."""
        row = self.get(interview_id)
        if isinstance(order, ByMoment):
            return getattr(row, order.moment)
        value = (
            row.total_score
            if order.competency is None
            else self.scores(interview_id).get(order.competency)
        )
        if value is None:
            raise Conflict(
                "the last interview of that page has no such score any more; begin again",
                code="cursor_lost",
            )
        return value

    def of_candidate(self, external_id: str, limit: int = 50) -> list[InterviewRow]:
        """All interviews of one person, newest first."""
        statement = (
            INTERVIEWS.where(interviews.c.candidate_id == external_id)
            .order_by(interviews.c.created_at.desc(), interviews.c.id.desc())
            .limit(limit)
        )
        return [read_interview(row) for row in self._connection.execute(statement)]

    def resume(self, external_id: str) -> Resume | None:
        """What the EHR told about the person, None when it told nothing."""
        mine = sa.select(candidates.c.resume).where(candidates.c.external_id == external_id)
        body = self._connection.scalar(mine)
        return None if body is None else Resume.stored(body)

    def counts(self, batch_id: str) -> dict[InterviewState, int]:
        """How many of a batch's interviews are in each state."""
        statement = (
            sa.select(interviews.c.state, sa.func.count())
            .where(interviews.c.batch_id == batch_id)
            .group_by(interviews.c.state)
        )
        return {
            InterviewState(state): count for state, count in self._connection.execute(statement)
        }

    def move(
        self, interview_id: str, to: InterviewState, *, frm: Iterable[InterviewState] | None = None
    ) -> bool:
        """Compare-and-set along `INTERVIEW_MOVES`, from one of `frm` where given; whether it held."""
        return self._changed(_move(to, frm, self._clock()).where(interviews.c.id == interview_id))

    def move_many(
        self,
        interview_ids: Iterable[str],
        to: InterviewState,
        *,
        frm: Iterable[InterviewState] | None = None,
    ) -> None:
        """`move` for several interviews; those for which it does not hold stay as they are."""
        # One by one inside the driver: given a list, SQLite would search by state, among all of that state.
        statement = _move(to, frm, self._clock()).where(interviews.c.id == sa.bindparam("moved"))
        moved = [{"moved": interview_id} for interview_id in interview_ids]
        if moved:
            self._connection.execute(statement, moved)

    def hold(self, interview_id: str) -> None:
        """Nobody else changes the interview until the commit. Raises `NotFound` (`unknown_interview`)."""
        self._hold(interview_id)

    def give_consents(self, interview_id: str, given: Consents) -> bool:
        """Keep what was agreed to, with its time; False when nothing differs from before.

        Raises `NotFound` (`unknown_interview`).
        """
        self._hold(interview_id)
        if self.consents(interview_id) == given:
            return False
        now = self._clock()
        self._connection.execute(
            sa.insert(consents),
            [
                {
                    "interview_id": interview_id,
                    "purpose": purpose,
                    "granted": given.allows(purpose),
                    "at": now,
                }
                for purpose in PURPOSES
            ],
        )
        return True

    def consents(self, interview_id: str) -> Consents | None:
        """What holds now; None before the candidate was asked."""
        statement = (
            sa.select(consents.c.purpose, consents.c.granted)
            .where(consents.c.interview_id == interview_id)
            .order_by(consents.c.id)
        )
        latest: dict[str, bool] = dict(self._connection.execute(statement).all())
        return Consents(**latest) if latest else None

    def begin_withdrawal(self, interview_id: str) -> datetime:
        """What was inferred without a consent that still holds is to be forgotten; the time of it."""
        now = self._clock()
        self._connection.execute(
            sa.update(interviews).where(interviews.c.id == interview_id).values(withdrawn_at=now)
        )
        return now

    def withdrawal(self, interview_id: str) -> datetime | None:
        """Since when there is something to forget, None where there is nothing."""
        mine = sa.select(interviews.c.withdrawn_at).where(interviews.c.id == interview_id)
        return self._connection.execute(mine).scalar_one_or_none()

    def end_withdrawal(self, interview_id: str, begun: datetime) -> bool:
        """It was forgotten; False when another consent was taken back meanwhile."""
        return self._changed(
            sa.update(interviews)
            .where(interviews.c.id == interview_id, interviews.c.withdrawn_at == begun)
            .values(withdrawn_at=None)
        )

    def withdrawals(self, older_than: datetime, limit: int) -> list[str]:
        """Interviews with something to forget since before then, oldest first."""
        statement = (
            sa.select(interviews.c.id)
            .where(interviews.c.withdrawn_at < older_than)
            .order_by(interviews.c.withdrawn_at)
            .limit(limit)
        )
        return list(self._connection.scalars(statement))

    def forget_scores(self, interview_id: str) -> None:
        """As before any scoring."""
        self._connection.execute(sa.delete(scores).where(scores.c.interview_id == interview_id))
        self._connection.execute(
            sa.update(interviews).where(interviews.c.id == interview_id).values(total_score=None)
        )

    def record_score(
        self, interview_id: str, total: float | None, by_competency: Mapping[str, float | None]
    ) -> None:
        """What lists and filters use; the scorecard itself lies in the store."""
        self._connection.execute(
            sa.update(interviews).where(interviews.c.id == interview_id).values(total_score=total)
        )
        rows = [
            {"interview_id": interview_id, "competency": competency, "score": score}
            for competency, score in by_competency.items()
        ]
        self._upsert(scores, rows, "interview_id", "competency")

    def scores(self, interview_id: str) -> dict[str, float | None]:
        statement = sa.select(scores.c.competency, scores.c.score).where(
            scores.c.interview_id == interview_id
        )
        return dict(self._connection.execute(statement).all())

    def scores_of(self, interview_ids: Iterable[str]) -> dict[str, dict[str, float | None]]:
        """The competencies' scores of several interviews, by interview."""
        found: dict[str, dict[str, float | None]] = {}
        rows = self._connection.execute(_SCORES_OF, {"interviews": list(interview_ids)}).all()
        for interview_id, competency, score in rows:
            found.setdefault(interview_id, {})[competency] = score
        return found

    def extend(self, interview_id: str, deadline: datetime) -> bool:
        """Give an interview a later deadline; False where it has that one or a later one."""
        return self._changed(
            sa.update(interviews)
            .where(interviews.c.id == interview_id, interviews.c.deadline < deadline)
            .values(deadline=deadline)
        )

    def set_time_factor(self, interview_id: str, factor: float) -> bool:
        """Whether this changed it. Raises `NotFound` (`unknown_interview`)."""
        self._hold(interview_id)
        return self._changed(
            sa.update(interviews)
            .where(interviews.c.id == interview_id, interviews.c.time_factor != factor)
            .values(time_factor=factor)
        )

    def set_flag(self, interview_id: str, flag: str) -> None:
        """Raises `NotFound` (`unknown_interview`)."""
        self._flags(interview_id, lambda flags: flags | {flag})

    def clear_flag(self, interview_id: str, flag: str) -> None:
        """Raises `NotFound` (`unknown_interview`)."""
        self._flags(interview_id, lambda flags: flags - {flag})

    def _flags(self, interview_id: str, change: Callable[[set[str]], set[str]]) -> None:
        flags = json.loads(self._hold(interview_id))
        self._connection.execute(
            sa.update(interviews)
            .where(interviews.c.id == interview_id)
            .values(flags=json.dumps(sorted(change(set(flags)))))
        )

    def _hold(self, interview_id: str) -> str:
        """The interview is ours until the commit; its flags."""
        mine = sa.select(interviews.c.flags).where(interviews.c.id == interview_id)
        flags: str | None = self._connection.scalar(self._held(mine))
        if flags is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        return flags


# Built once: a page's list of ids makes it another statement each time.
_SCORES_OF = sa.select(scores.c.interview_id, scores.c.competency, scores.c.score).where(
    scores.c.interview_id.in_(sa.bindparam("interviews", expanding=True))
)


def _move(to: InterviewState, frm: Iterable[InterviewState] | None, now: datetime) -> sa.Update:
    allowed = {state for state, moves in INTERVIEW_MOVES.items() if to in moves}
    if frm is not None:
        allowed &= set(frm)
    values: dict[str, Any] = {"state": to, "changed_at": now}
    if to == InterviewState.SUBMITTED:
        values["submitted_at"] = now
    holds = sa.or_(sa.false(), *(interviews.c.state == state for state in sorted(allowed)))
    return sa.update(interviews).where(holds).values(values)
