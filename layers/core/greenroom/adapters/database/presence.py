"""Who is at work on an interview now: the newest health sample of each, and the samples behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from greenroom.adapters.database.batches import read_plan
from greenroom.adapters.database.monitoring_tables import watched_pages
from greenroom.adapters.database.rows import PresenceRow, Reporting, RunningRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import (
    batches,
    candidates,
    health_samples,
    interviews,
    presence,
)
from greenroom.domain.interview import RECORDABLE, InterviewState
from greenroom.domain.monitoring import Point
from greenroom.domain.presence import ACTIVE, MAX_SAMPLES, HealthSample

_MONITORING = "monitoring"

# Built once: every candidate's page asks for it several times a minute.
_WATCHED = sa.select(watched_pages.c.until).where(watched_pages.c.page == _MONITORING)
_REPORTING = sa.select(
    interviews.c.token_version,
    interviews.c.state,
    interviews.c.deadline,
    interviews.c.time_factor,
    _WATCHED.scalar_subquery().label("watched_until"),
    sa.select(sa.func.count())
    .where(health_samples.c.interview_id == interviews.c.id)
    .scalar_subquery()
    .label("kept"),
).where(interviews.c.id == sa.bindparam("interview"))
_REPORTING_AGAIN = (
    _REPORTING.add_columns(presence)
    .join_from(interviews, presence, presence.c.interview_id == interviews.c.id)
    .with_for_update(key_share=True, of=presence)
)


class Presence(Repository):
    def reporting(self, interview_id: str) -> Reporting | None:
        """An interview whose page reports; nobody else changes its presence until the commit. None when unknown."""
        mine = {"interview": interview_id}
        found = self._connection.execute(_REPORTING_AGAIN, mine).first()
        before = None if found is None else _row(found)
        found = found or self._connection.execute(_REPORTING, mine).first()
        if found is None:
            return None
        version, state, deadline, factor, watched_until, kept = found[:6]
        return Reporting(
            version, InterviewState(state), deadline, factor, watched_until, kept, before
        )

    def watched_until(self) -> datetime | None:
        """Until when the monitoring page counts as open; None when it never was."""
        return self._connection.scalar(_WATCHED)

    def watch(self, until: datetime) -> None:
        """Somebody looks at the monitoring page."""
        self._upsert(watched_pages, [{"page": _MONITORING, "until": until}], "page")

    def record(
        self,
        interview_id: str,
        samples: Sequence[HealthSample],
        *,
        newest: HealthSample | None,
        since: datetime | None,
        recent: Sequence[Point] = (),
        kept: int = 0,
    ) -> None:
        """Keep the samples, each once; the page is there. `newest` is where the interview stands, None for history.

        `since`: since when the camera shows nothing. `recent`: the points of its spark lines from now on. `kept`:
        samples that are there; what would be more than `MAX_SAMPLES` is not kept.
        """
        room = max(0, MAX_SAMPLES - kept)
        rows = [
            {"interview_id": interview_id, "at": sample.at, "sample": sample.model_dump_json()}
            for sample in samples[:room]
        ]
        self._insert_missing(health_samples, rows)
        seen = {"heard_at": self._clock(), "away_since": None, "trouble_since": since}
        if newest is None:
            mine = presence.c.interview_id == interview_id
            self._connection.execute(sa.update(presence).where(mine).values(seen))
            return
        stands = {
            "phase": newest.phase,
            "sample": newest.model_dump_json(),
            "recent": json.dumps(recent, separators=(",", ":")),
        }
        row = {"interview_id": interview_id, **seen, **stands}
        self._upsert(presence, [row], "interview_id")

    def silent(self, since: datetime, limit: int) -> list[PresenceRow]:
        """Open interviews in the middle of something that have not been heard of since then, longest first."""
        statement = (
            sa.select(presence)
            .join(interviews, interviews.c.id == presence.c.interview_id)
            .where(
                presence.c.phase.in_(sorted(ACTIVE)),
                presence.c.away_since.is_(None),
                presence.c.heard_at < since,
                interviews.c.state.in_(sorted(RECORDABLE)),
            )
            .order_by(presence.c.heard_at)
            .limit(limit)
        )
        return [_row(row) for row in self._connection.execute(statement)]

    def running(self, heard_after: datetime, *, limit: int) -> list[RunningRow]:
        """Interviews that were heard of since then or are away, in any state; the latest heard of first."""
        statement = (
            sa.select(presence, candidates.c.name, interviews.c.state, batches.c.plan)
            .join(interviews, interviews.c.id == presence.c.interview_id)
            .join(candidates, candidates.c.external_id == interviews.c.candidate_id)
            .join(batches, batches.c.id == interviews.c.batch_id)
            .where(sa.or_(presence.c.heard_at > heard_after, presence.c.away_since.is_not(None)))
            .order_by(presence.c.heard_at.desc(), presence.c.interview_id)
            .limit(limit)
        )
        return [
            RunningRow(_row(row), row.name, InterviewState(row.state), read_plan(row.plan))
            for row in self._connection.execute(statement)
        ]

    def mark_away(self, row: PresenceRow) -> bool:
        """False when it was heard of meanwhile, or somebody else marked it."""
        return self._changed(
            sa.update(presence)
            .where(
                presence.c.interview_id == row.interview_id,
                presence.c.heard_at == row.heard_at,
                presence.c.away_since.is_(None),
            )
            .values(away_since=row.heard_at)
        )

    def forget(self, before: datetime, limit: int) -> int:
        """Delete what was kept of pages not heard of since then; of how many."""
        old = (
            sa.select(presence.c.interview_id)
            .where(presence.c.heard_at < before)
            .order_by(presence.c.heard_at)
            .limit(limit)
        )
        ids = list(self._connection.scalars(self._free(old, presence)))
        for table in (health_samples, presence):
            self._connection.execute(sa.delete(table).where(table.c.interview_id.in_(ids)))
        return len(ids)

    def samples(self, interview_id: str, limit: int = 1000) -> list[HealthSample]:
        """The newest samples, in order of time."""
        statement = (
            sa.select(health_samples.c.sample)
            .where(health_samples.c.interview_id == interview_id)
            .order_by(health_samples.c.at.desc())
            .limit(limit)
        )
        found = [HealthSample.stored(body) for body in self._connection.scalars(statement)]
        return found[::-1]


def _row(row: sa.Row[tuple[object, ...]]) -> PresenceRow:
    return PresenceRow(
        interview_id=row.interview_id,
        heard_at=row.heard_at,
        phase=row.phase,
        sample=HealthSample.stored(row.sample),
        away_since=row.away_since,
        trouble_since=row.trouble_since,
        recent=tuple(tuple(point) for point in json.loads(row.recent)),
    )
