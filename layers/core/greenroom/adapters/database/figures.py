"""Counts of a batch's interviews, mails and recordings for its process figures: three statements, whatever its size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.batches import read_plan
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import (
    FUNNEL,
    answers,
    attempts,
    batches,
    interviews,
    process_log,
)
from greenroom.domain.errors import NotFound
from greenroom.domain.events import EventType
from greenroom.domain.figures import LOGGED, BatchCounts, FunnelStep, Recordings, Standing
from greenroom.domain.interview import AnswerState

_HALF, _MOST = 50, 95


class Figures(Repository):
    def of(self, batch_id: str) -> BatchCounts:
        """Raises `NotFound` (`unknown_batch`)."""
        found = self._counts([batch_id])
        if not found:
            raise NotFound(f"no batch {batch_id}", code="unknown_batch")
        return found[0]

    def running(self) -> list[BatchCounts]:
        """Of each batch in which an interview's deadline is still ahead, oldest batch first."""
        ahead = sa.select(interviews.c.batch_id).where(interviews.c.deadline >= self._clock())
        return self._counts(list(self._connection.scalars(ahead.distinct())))

    def _counts(self, batch_ids: Sequence[str]) -> list[BatchCounts]:
        standings = self._standings(batch_ids)
        sent = self._sent(batch_ids)
        recordings = self._recordings(batch_ids)
        rows = self._connection.execute(
            sa.select(batches)
            .where(batches.c.id.in_(batch_ids))
            .order_by(batches.c.created_at, batches.c.id)
        )
        return [
            BatchCounts(
                batch=row.id,
                accepted_at=row.created_at,
                deadline=row.deadline,
                mail_tracking=read_plan(row.plan).mail_tracking,
                standings=standings[row.id],
                median_sent_at=sent.get((row.id, _HALF)),
                p95_sent_at=sent.get((row.id, _MOST)),
                recordings=recordings.get(row.id, Recordings()),
            )
            for row in rows
        ]

    def _standings(self, batch_ids: Sequence[str]) -> dict[str, list[Standing]]:
        steps: dict[FunnelStep, sa.ColumnElement[int]] = {
            step: sa.func.max(sa.case((process_log.c.type == kind.value, 1), else_=0))
            for step, kind in LOGGED.items()
        }
        handed_in = process_log.c.type == EventType.INTERVIEW_SUBMITTED.value
        first = sa.func.min(sa.case((handed_in, process_log.c.at)))
        steps[FunnelStep.ON_TIME] = sa.case((first <= interviews.c.deadline, 1), else_=0)
        logged = (process_log.c.interview_id == interviews.c.id) & sa.text(FUNNEL)
        each = (
            sa.select(interviews.c.batch_id, *(flag.label(step) for step, flag in steps.items()))
            .select_from(interviews.outerjoin(process_log, logged))
            .where(interviews.c.batch_id.in_(batch_ids))
            .group_by(interviews.c.id, interviews.c.batch_id, interviews.c.deadline)
            .subquery()
        )
        furthest = sa.case(
            *((each.c[step] == 1, step.value) for step in reversed(steps)),
            else_=FunnelStep.INVITED.value,
        ).label("furthest")
        statement = sa.select(
            each.c.batch_id,
            furthest,
            sa.func.count().label("interviews"),
            *(sa.func.sum(each.c[step]).label(step) for step in steps),
        ).group_by(each.c.batch_id, furthest)
        found = defaultdict(list)
        for row in self._connection.execute(statement).mappings():
            seen = {step: int(row[step]) for step in steps}
            seen[FunnelStep.INVITED] = row["interviews"]
            found[row["batch_id"]].append(
                Standing(FunnelStep(row["furthest"]), row["interviews"], seen)
            )
        return found

    def _sent(self, batch_ids: Sequence[str]) -> dict[tuple[str, int], datetime]:
        """By batch and percent: when so many of the invitations that were sent had gone (nearest rank)."""
        of_batch: Any = {"partition_by": interviews.c.batch_id}
        ranked = (
            sa.select(
                interviews.c.batch_id,
                process_log.c.at,
                sa.func.row_number().over(order_by=process_log.c.at, **of_batch).label("rank"),
                sa.func.count().over(**of_batch).label("sent"),
            )
            .join(process_log, process_log.c.interview_id == interviews.c.id)
            .where(
                interviews.c.batch_id.in_(batch_ids),
                sa.text(FUNNEL),
                process_log.c.type == EventType.INTERVIEW_INVITED.value,
            )
            .subquery()
        )
        wanted = {percent: (ranked.c.sent * percent + 99) // 100 for percent in (_HALF, _MOST)}
        statement = sa.select(ranked).where(ranked.c.rank.in_(wanted.values()))
        found = {}
        for row in self._connection.execute(statement):
            for percent in wanted:
                if row.rank == -(-row.sent * percent // 100):
                    found[row.batch_id, percent] = row.at
        return found

    def _recordings(self, batch_ids: Sequence[str]) -> dict[str, Recordings]:
        in_focus = (
            (attempts.c.interview_id == answers.c.interview_id)
            & (attempts.c.answer_id == answers.c.answer_id)
            & (attempts.c.attempt == answers.c.attempt)
        )
        outcome = sa.case(
            (answers.c.attempt == 0, "unfinished"),
            else_=sa.func.coalesce(attempts.c.assembled, "waiting"),
        ).label("outcome")
        statement = (
            sa.select(
                interviews.c.batch_id,
                outcome,
                sa.func.count().label("answers"),
                sa.func.coalesce(sa.func.sum(attempts.c.lost_ms), 0).label("lost_ms"),
            )
            .select_from(
                interviews.join(answers, answers.c.interview_id == interviews.c.id).outerjoin(
                    attempts, in_focus
                )
            )
            .where(
                interviews.c.batch_id.in_(batch_ids),
                (answers.c.attempt > 0) | (answers.c.state == AnswerState.RECORDING.value),
            )
            .group_by(interviews.c.batch_id, outcome)
        )
        found: dict[str, dict[str, int]] = defaultdict(lambda: {"lost_ms": 0})
        for row in self._connection.execute(statement):
            found[row.batch_id][row.outcome] = row.answers
            found[row.batch_id]["lost_ms"] += int(row.lost_ms)
        return {batch: Recordings(**counted) for batch, counted in found.items()}
