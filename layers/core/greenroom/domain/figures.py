"""Process figures of a batch: how far its candidates came, how fast mails went out, what became of recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from greenroom.domain.events import EventType
from greenroom.domain.model import Document

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Minutes = Annotated[float, Field(ge=0)]


class FunnelStep(StrEnum):
    """In the order in which candidates take them."""

    INVITED = "invited"
    MAIL_SENT = "mail_sent"
    MAIL_OPENED = "mail_opened"
    MAIL_CLICKED = "mail_clicked"
    LINK_OPENED = "link_opened"
    CHECKS_PASSED = "checks_passed"
    STARTED = "started"
    SUBMITTED = "submitted"
    ON_TIME = "on_time"


LOGGED: Mapping[FunnelStep, EventType] = {
    FunnelStep.MAIL_SENT: EventType.INTERVIEW_INVITED,
    FunnelStep.MAIL_OPENED: EventType.MAIL_OPENED,
    FunnelStep.MAIL_CLICKED: EventType.MAIL_CLICKED,
    FunnelStep.LINK_OPENED: EventType.INTERVIEW_OPENED,
    FunnelStep.CHECKS_PASSED: EventType.CHECKS_PASSED,
    FunnelStep.STARTED: EventType.INTERVIEW_STARTED,
    FunnelStep.SUBMITTED: EventType.INTERVIEW_SUBMITTED,
}
"""The entry of the process log that says so. `invited` is the interview itself; `on_time` follows from two times."""

TRACKED = frozenset({FunnelStep.MAIL_OPENED, FunnelStep.MAIL_CLICKED})
"""Steps that are known only where mails are tracked."""


@dataclass(frozen=True)
class Standing:
    """The interviews of a batch whose furthest step is this one; `seen`: how many of them have each step logged."""

    furthest: FunnelStep
    interviews: int
    seen: Mapping[FunnelStep, int]


@dataclass(frozen=True)
class Recordings:
    """Answers by what became of the newest attempt that was sent whole.

    `complete`, `gaps` and `refused` are the worst track's outcome as assembly.json has it; `waiting` is not
    assembled yet. `unfinished` answers were begun and never sent. `lost_ms`: recorded and not in the recordings.
    """

    complete: int = 0
    gaps: int = 0
    refused: int = 0
    waiting: int = 0
    unfinished: int = 0
    lost_ms: int = 0

    @property
    def recorded(self) -> int:
        return self.complete + self.gaps + self.refused + self.waiting


@dataclass(frozen=True)
class BatchCounts:
    """What is counted of one batch. `median_sent_at`, `p95_sent_at`: by when half, and 95 in 100, of the
    invitations that were sent had been accepted by the relay; None before the first.
    """

    batch: str
    accepted_at: datetime
    deadline: datetime
    mail_tracking: bool
    standings: Sequence[Standing]
    median_sent_at: datetime | None
    p95_sent_at: datetime | None
    recordings: Recordings


class StepFigures(Document):
    """One step of the funnel; all None where it is not tracked.

    `reached`: interviews that took this step or a later one. `seen`: those whose process log has the very step: a
    mail program that loads no pictures hides an opening from it. `share`: reached of invited. `stopped`: came to
    this step and, until now, no further.
    """

    step: FunnelStep
    reached: Count | None
    seen: Count | None
    share: Share | None
    stopped: Count | None


class MinutesToMail(Document):
    """Minutes from the batch's acceptance until the relay accepted an invitation; None before the first."""

    median: Minutes | None
    p95: Minutes | None


class RecordingFigures(Document):
    """Answers that were recorded and sent, and what was saved of them; see docs/integration.md.

    `saved`: assembled, and all that is missing is named with its cause; `whole`: of these, nothing is missing.
    `success_rate`: saved of recorded, None before the first. `lost_s` in seconds.
    """

    recorded: Count
    saved: Count
    whole: Count
    refused: Count
    waiting: Count
    unfinished: Count
    lost_s: Annotated[float, Field(ge=0)]
    success_rate: Share | None


class BatchFigures(Document):
    """The figures of one batch. Interviews that were erased no longer count."""

    batch: str
    deadline: datetime
    mail_tracking: bool
    funnel: list[StepFigures]
    minutes_to_mail: MinutesToMail
    recordings: RecordingFigures


def figures_of(counts: BatchCounts) -> BatchFigures:
    """The figures that follow from what was counted."""
    return BatchFigures(
        batch=counts.batch,
        deadline=counts.deadline,
        mail_tracking=counts.mail_tracking,
        funnel=_funnel(counts),
        minutes_to_mail=MinutesToMail(
            median=_minutes(counts.accepted_at, counts.median_sent_at),
            p95=_minutes(counts.accepted_at, counts.p95_sent_at),
        ),
        recordings=_recordings(counts.recordings),
    )


def table(figures: BatchFigures) -> list[tuple[str, str, float | str]]:
    """The same as rows of figure, step and value; empty values where nothing is known."""
    rows: list[tuple[str, str, float | str]] = []
    for row in figures.funnel:
        for name in ("reached", "seen", "share", "stopped"):
            rows.append((name, row.step.value, _or_empty(getattr(row, name))))
    for part in ("minutes_to_mail", "recordings"):
        for name, value in getattr(figures, part).model_dump().items():
            rows.append((f"{part}.{name}", "", _or_empty(value)))
    return rows


def _funnel(counts: BatchCounts) -> list[StepFigures]:
    invited = sum(row.interviews for row in counts.standings)
    stopped = dict.fromkeys(FunnelStep, 0)
    seen = dict.fromkeys(FunnelStep, 0)
    for row in counts.standings:
        stopped[row.furthest] += row.interviews
        for step, count in row.seen.items():
            seen[step] += count
    steps, left = [], invited
    for step in FunnelStep:
        if step in TRACKED and not counts.mail_tracking:
            steps.append(StepFigures(step=step, reached=None, seen=None, share=None, stopped=None))
        else:
            share = round(left / invited, 4) if invited else None
            steps.append(
                StepFigures(
                    step=step, reached=left, seen=seen[step], share=share, stopped=stopped[step]
                )
            )
        left -= stopped[step]
    return steps


def _recordings(counts: Recordings) -> RecordingFigures:
    saved = counts.complete + counts.gaps
    return RecordingFigures(
        recorded=counts.recorded,
        saved=saved,
        whole=counts.complete,
        refused=counts.refused,
        waiting=counts.waiting,
        unfinished=counts.unfinished,
        lost_s=counts.lost_ms / 1000,
        success_rate=round(saved / counts.recorded, 4) if counts.recorded else None,
    )


def _minutes(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else round(max(0.0, (end - start).total_seconds()) / 60, 2)


def _or_empty(value: float | None) -> float | str:
    return "" if value is None else value
