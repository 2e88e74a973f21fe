"""How an interview is selected with its candidate and its batch's plan, and read."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.batches import own_plan
from greenroom.adapters.database.rows import InterviewRow
from greenroom.adapters.database.tables import batches, candidates, interviews
from greenroom.domain.interview import InterviewState

# Only what a row needs, in the order in which `read_interview` takes it: a page of 200 feels each conversion of a
# time, and each column that is asked for by name.
INTERVIEWS = (
    sa.select(
        interviews.c.id,
        interviews.c.batch_id,
        interviews.c.candidate_id,
        candidates.c.name,
        candidates.c.email,
        interviews.c.locale,
        interviews.c.state,
        interviews.c.deadline,
        interviews.c.created_at,
        interviews.c.submitted_at,
        interviews.c.total_score,
        batches.c.plan,
        interviews.c.follow_ups,
        interviews.c.flags,
        interviews.c.token_version,
        interviews.c.time_factor,
        candidates.c.time_zone,
    )
    .join(candidates, candidates.c.external_id == interviews.c.candidate_id)
    .join(batches, batches.c.id == interviews.c.batch_id)
)


def read_interview(row: Any) -> InterviewRow:
    """Of a row of `INTERVIEWS`."""
    interview, batch, candidate, name, email, locale, state = row[:7]
    deadline, created_at, submitted_at = row[7:10]
    total, plan, follow_ups, flags, version, factor, zone = row[10:17]
    return InterviewRow(
        interview,
        batch,
        candidate,
        name,
        email,
        locale,
        InterviewState(state),
        deadline,
        created_at,
        submitted_at,
        total,
        own_plan(plan, follow_ups),
        [] if flags == "[]" else json.loads(flags),  # most have none
        version,
        factor,
        zone,
    )
