"""Live health: what the page says about itself, and what follows when it says nothing any more (D2)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from greenroom.domain.errors import Unauthorized
from greenroom.domain.events import EventType
from greenroom.domain.interview import RECORDABLE
from greenroom.domain.monitoring import extended
from greenroom.domain.presence import (
    MISSED_AFTER,
    HealthReport,
    absence_cause,
    report_every,
    watch_camera,
)
from greenroom.runtime.auth import hold_link
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import PresenceRow, Reporting, Transaction
    from greenroom.runtime.function import Function, Principal

AT_ONCE = 200
"""Interviews looked at before the next look."""


def report_health(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/health``: the same samples again change nothing. Raises `Invalid` (`invalid_document`).

    A report may come late, after newer ones: its samples are kept, and what they say is history. The link is held
    against the interview in the same transaction: a page reports several times a minute, and that is most of what we do
    while it records. Raises also `Unauthorized`: `token_invalid`, `token_expired`, `token_revoked`.
    """
    report = request.document(HealthReport)
    interview_id = request.who.id
    samples = sorted(report.samples, key=lambda sample: sample.at)
    with app.changes() as tx:
        interview = held(request.who, tx)
        before = interview.presence
        if before is not None and before.away_since is not None:
            away = tx.clock() - before.away_since
            cause = absence_cause(before.away_since, tx.clock(), samples)
            back = {"away_s": round(away.total_seconds()), "cause": cause}
            tx.process_log.append(interview_id, EventType.CANDIDATE_BACK, back)
        news = [sample for sample in samples if before is None or sample.at > before.known_until]
        since, told = watch_camera(before.trouble_since if before else None, news)
        for began, sample in told.items():
            seen = {"camera": sample.camera, "since": began.isoformat(), "answer": sample.answer}
            once = f"camera:{began.isoformat()}"
            tx.process_log.append(interview_id, EventType.CAMERA_TROUBLE, seen, once=once)
        tx.presence.record(
            interview_id,
            samples,
            newest=news[-1] if news else None,
            since=since,
            recent=extended(before.recent if before else (), news),
            kept=interview.kept,
        )
    now = app.clock()
    return Response.json(
        {
            "server_time": now.isoformat(),
            "state": interview.state,
            "deadline": interview.deadline.isoformat(),
            "time_factor": interview.time_factor,
            "report_every_s": report_every(now, interview.watched_until).total_seconds(),
        },
        headers={"Cache-Control": "no-store"},
    )


def held(who: Principal, tx: Transaction) -> Reporting:
    """The interview of a signed link that is good. Raises `Unauthorized`."""
    interview = tx.presence.reporting(who.id)
    if who.link is None or interview is None:
        raise Unauthorized("this link is not valid", code="token_invalid")
    hold_link(who.link, interview.token_version, interview.state, tx.clock())
    return interview


def tell_absences(app: Function[Settings]) -> None:
    """Who was in the middle of something and has been silent for three minutes is away; told once."""
    while True:
        with app.database.begin() as tx:
            silent = tx.presence.silent(tx.clock() - MISSED_AFTER, AT_ONCE)
        for row in silent:
            _tell(row, app)
        if len(silent) < AT_ONCE:
            return


def _tell(row: PresenceRow, app: Function[Settings]) -> None:
    """One at a time: a commit for each holds nobody up who is just being heard of."""
    with app.changes() as tx:
        running = tx.interviews.get(row.interview_id).state in RECORDABLE
        if running and tx.presence.mark_away(row):
            details = {
                "since": row.heard_at.isoformat(),
                "phase": row.phase,
                "answer": row.sample.answer,
            }
            tx.process_log.append(row.interview_id, EventType.CANDIDATE_AWAY, details)


def forget_samples(app: Function[Settings]) -> None:
    """Health samples of interviews that have been over for long are of no further use."""
    kept = timedelta(days=app.settings.health.keep_days)
    while True:
        with app.database.begin() as tx:
            if tx.presence.forget(tx.clock() - kept, AT_ONCE) < AT_ONCE:
                return
