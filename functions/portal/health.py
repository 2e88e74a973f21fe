"""Live health: what the page says about itself, and what follows when it says nothing any more (D2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from greenroom.domain.events import EventType
from greenroom.domain.interview import RECORDABLE
from greenroom.domain.presence import (
    GONE_AFTER,
    TROUBLE,
    TROUBLE_AFTER,
    HealthReport,
    HealthSample,
)
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import PresenceRow, Transaction
    from greenroom.runtime.function import Function

AT_ONCE = 200
"""Absences told in one transaction."""


def report_health(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/health``: the same samples again change nothing. Raises `Invalid` (`invalid_document`)."""
    report = request.document(HealthReport)
    interview_id = request.who.id
    samples = sorted(report.samples, key=lambda sample: sample.at)
    with app.changes() as tx:
        interview = tx.interviews.get(interview_id)
        before = tx.presence.get(interview_id)
        since = _trouble(tx, interview_id, samples, before)
        if before is not None and before.away_since is not None:
            _back(tx, before, samples)
        tx.presence.record(interview_id, samples, since)
    return Response.json(
        {
            "server_time": app.clock().isoformat(),
            "state": interview.state,
            "deadline": interview.deadline.isoformat(),
            "time_factor": interview.time_factor,
        },
        headers={"Cache-Control": "no-store"},
    )


def tell_absences(app: Function[Settings]) -> None:
    """Who was in the middle of something and has been silent for three minutes is away; told once."""
    with app.changes() as tx:
        for row in tx.presence.silent(app.clock() - GONE_AFTER, AT_ONCE):
            open_ = tx.interviews.get(row.interview_id).state in RECORDABLE
            if tx.presence.mark_away(row) and open_:
                details = {
                    "since": row.heard_at.isoformat(),
                    "phase": row.phase,
                    "answer": row.sample.answer,
                }
                tx.process_log.append(row.interview_id, EventType.CANDIDATE_AWAY, details)


def _back(tx: Transaction, before: PresenceRow, samples: Sequence[HealthSample]) -> None:
    """Samples from within the silence mean that the page went on and only the network was gone."""
    now, since = tx.clock(), before.heard_at
    within = [sample for sample in samples if since < sample.at < now - GONE_AFTER / 2]
    details = {
        "away_s": round((now - since).total_seconds()),
        "cause": "network" if within else "left",
    }
    tx.process_log.append(before.interview_id, EventType.CANDIDATE_BACK, details)


def _trouble(
    tx: Transaction,
    interview_id: str,
    samples: Sequence[HealthSample],
    before: PresenceRow | None,
) -> datetime | None:
    """Since when the camera shows nothing; an episode that lasts is told once."""
    since = before.trouble_since if before else None
    for sample in samples:
        if sample.camera not in TROUBLE:
            since = None
            continue
        since = since or sample.at
        if sample.at - since >= TROUBLE_AFTER:
            details = {"camera": sample.camera, "since": since.isoformat(), "answer": sample.answer}
            once = f"camera:{since.isoformat()}"
            tx.process_log.append(interview_id, EventType.CAMERA_TROUBLE, details, once=once)
    return since
