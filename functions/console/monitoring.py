"""监控: the page of all running interviews, and the rows of it that have changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from functions.console.page import render
from greenroom.domain.errors import Invalid
from greenroom.domain.interview import RECORDABLE
from greenroom.domain.monitoring import SHOWN_FOR, Anomaly, Reading, read, spark_line
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import RunningRow
    from greenroom.runtime.function import Function

MOST = 2000
"""Interviews on the page; the longest silent ones fall off first."""
WATCHED_FOR = timedelta(minutes=1)
"""The page asks every second; one whose window is hidden does not, and is no longer watched so long after."""
OVERLAP = timedelta(seconds=2)
"""Changes are asked for from a little before the last answer: commits do not come in the order of their times."""
FPS_TOP, SNR_TOP, WAITING_TOP = 30.0, 50.0, 60.0
"""What the spark lines' upper edges stand for: frames a second, dB, seconds."""


@dataclass(frozen=True)
class Line:
    """One interview as the table shows it."""

    row: RunningRow
    reading: Reading

    @property
    def id(self) -> str:
        return self.row.presence.interview_id

    @cached_property
    def sparks(self) -> dict[str, list[str]]:
        """SVG polylines by metric."""
        points = self.row.presence.recent
        return {
            "fps": spark_line([point[0] for point in points], top=FPS_TOP),
            "snr_db": spark_line([point[1] for point in points], top=SNR_TOP),
            "waiting_s": spark_line([point[2] for point in points], top=WAITING_TOP),
        }


def monitoring_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/monitoring``: everything that runs; without scripts it is renewed by reloading."""
    now = app.clock()
    _watch(app, now)
    lines = [line for line in _lines(app, now - SHOWN_FOR) if _is_running(line, now)]
    # Names that stand still can be found again; what is wrong is told above the table.
    lines.sort(key=lambda line: (line.row.candidate_name, line.id))
    return render(
        request,
        app,
        "monitoring.html",
        lines=lines,
        counts=_counts(lines),
        alarms=_alarms(lines),
        anomalies=list(Anomaly),
        now=now,
    )


def monitoring_changes(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/monitoring/changes?since=``: rows as HTML, and who has gone from the page.

    Raises `Invalid` (`invalid_query`).
    """
    now = app.clock()
    _watch(app, now)
    since = max(_moment(request.query.get("since")) - OVERLAP, now - SHOWN_FOR)
    lines = _lines(app, since)
    running = [line for line in lines if _is_running(line, now)]
    rows = render(request, app, "monitoring_rows.html", lines=running, now=now).body
    gone = sorted({line.id for line in lines} - {line.id for line in running})
    return Response.json(
        {"now": now.isoformat(), "rows": rows, "gone": gone},
        headers={"Cache-Control": "no-store"},
    )


def monitoring_summary(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/monitoring/summary``: the figures and anomalies above the table, as HTML."""
    now = app.clock()
    lines = [line for line in _lines(app, now - SHOWN_FOR) if _is_running(line, now)]
    return render(
        request,
        app,
        "monitoring_summary.html",
        counts=_counts(lines),
        alarms=_alarms(lines),
        now=now,
    )


def _watch(app: Function[Settings], now: datetime) -> None:
    """Pages report more often while somebody watches. Written twice a minute, however many watch."""
    with app.database.reading() as tx:
        until = tx.presence.watched_until()
    if until is None or until < now + WATCHED_FOR / 2:
        with app.database.begin() as tx:
            tx.presence.watch(now + WATCHED_FOR)


def _lines(app: Function[Settings], heard_after: datetime) -> list[Line]:
    with app.database.begin() as tx:
        rows = tx.presence.running(heard_after, limit=MOST)
    return [
        Line(
            row,
            read(
                row.presence.sample,
                row.plan.template.quality,
                away_since=row.presence.away_since,
                trouble_since=row.presence.trouble_since,
            ),
        )
        for row in rows
    ]


def _is_running(line: Line, now: datetime) -> bool:
    heard = line.row.presence.heard_at
    return line.row.state in RECORDABLE and heard > now - SHOWN_FOR


def _counts(lines: list[Line]) -> dict[str, int]:
    """Interviews by what their candidates do; `away` are counted by themselves."""
    return Counter(
        "away" if line.reading.anomaly == Anomaly.AWAY else line.row.presence.phase
        for line in lines
    )


def _alarms(lines: list[Line]) -> list[Line]:
    """What is worth a look, worst first."""
    order = list(Anomaly)
    found = [line for line in lines if line.reading.anomaly is not None]
    return sorted(found, key=lambda line: (order.index(line.reading.anomaly), line.id))  # type: ignore[arg-type]


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        raise Invalid(
            "since: a moment such as 2026-03-05T10:00:00+00:00", code="invalid_query"
        ) from None
    if moment.tzinfo is None:
        raise Invalid("since: with its offset from UTC", code="invalid_query")
    return moment
