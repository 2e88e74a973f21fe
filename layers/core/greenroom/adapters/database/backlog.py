"""How much waits at every stage, since when, and what the last hour made of the rest: what operators are told of.

It names no interview and no person: stages, counts, times and codes of our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from greenroom.adapters.database.retention_tables import disposals, erasures
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import (
    UtcTime,
    answers,
    batches,
    deliveries,
    delivery_attempts,
    interviews,
    mails,
    process_log,
    webhook_endpoints,
)
from greenroom.domain.erasure import ErasureState
from greenroom.domain.events import Event, EventType
from greenroom.domain.interview import SETTLED, AnswerState, InterviewState

WINDOW = timedelta(hours=1)
"""What counts as lately. A window and not a count since ever: erasure takes rows away, so totals would shrink."""

_DONE = {
    EventType.INTERVIEW_CREATED: "invitation",
    EventType.INTERVIEW_INVITED: "mail",
    EventType.REMINDER_SENT: "mail",
    EventType.NOTICE_SENT: "mail",
    EventType.ANSWER_SEALED: "upload",
    EventType.ANSWER_ASSEMBLED: "assembly",
    EventType.ANSWER_CHECKED: "quality",
    EventType.ANSWER_RE_RECORD: "quality",
    EventType.ANSWER_ANALYSED: "analysis",
    EventType.INTERVIEW_SCORED: "scoring",
    EventType.INTERVIEW_HUMAN_REVIEW: "scoring",
    EventType.CANDIDATE_ERASED: "erasure",
}
"""The stage that a step of the process log ends."""

STAGES = (
    "invitation",
    "mail",
    "upload",
    "assembly",
    "quality",
    "analysis",
    "scoring",
    "sync",
    "webhooks",
    "erasure",
    "disposal",
)
"""In the order of an interview's way; all of them are told of, also where nothing waits."""

_AT_WORK = {
    "upload": AnswerState.RECORDING,
    "assembly": AnswerState.SEALED,
    "quality": AnswerState.ASSEMBLED,
    "analysis": AnswerState.CHECKED,
}
_RECORDING_GOES_ON = (InterviewState.IN_PROGRESS, InterviewState.RE_RECORD)


@dataclass(frozen=True)
class Waiting:
    """`items` of a stage that wait for us (of `upload`: that candidates are recording), the oldest since `oldest`."""

    stage: str
    items: int
    oldest: datetime | None


@dataclass(frozen=True)
class Lately:
    """What the last `WINDOW` brought.

    `done` by stage; `failures` by stage and code; `lost_ms` milliseconds that were recorded and are not in the
    recordings assembled since, as the assemblies say; `recordings`: how many of those there were.
    """

    done: Counter[str]
    failures: Counter[tuple[str, str]]
    lost_ms: int
    recordings: int


class Backlog(Repository):
    """Six statements, however many interviews there are; each walks an index."""

    def waiting(self) -> list[Waiting]:
        """One for each of `STAGES`."""
        found = {
            row.stage: Waiting(row.stage, row.items, row.oldest)
            for row in self._connection.execute(sa.union_all(*self._waiting()))
        }
        return [found[stage] for stage in STAGES]

    def dead(self) -> dict[str, int]:
        """Mails and deliveries that were given up, by stage."""
        tables = {"mail": mails, "webhooks": deliveries}
        counts = [
            sa.select(sa.literal(stage).label("stage"), sa.func.count().label("items")).where(
                table.c.state == "dead"
            )
            for stage, table in tables.items()
        ]
        return {row.stage: row.items for row in self._connection.execute(sa.union_all(*counts))}

    def unfinished(self) -> int:
        """Recordings that were begun, never finished, and whose interview is over: nobody measured what they held."""
        statement = (
            sa.select(sa.func.count())
            .join_from(answers, interviews)
            .where(answers.c.state == AnswerState.RECORDING, ~_goes_on(self._clock()))
        )
        return self._connection.scalar(statement) or 0

    def lately(self) -> Lately:
        """What was done, failed and lost in the last hour."""
        since = self._clock() - WINDOW
        done: Counter[str] = Counter()
        # By when the step was handed to the webhooks, a few seconds after it: that is what an index holds.
        published = process_log.c.published_at >= since
        steps = (
            sa.select(process_log.c.type, sa.func.count().label("items"))
            .where(published)
            .group_by(process_log.c.type)
        )
        for row in self._connection.execute(steps):
            done["sync"] += row.items
            if row.type in _DONE:
                done[_DONE[EventType(row.type)]] += row.items
        failures: Counter[tuple[str, str]] = Counter()
        for answered, items in self._attempts(since):
            if answered is not None and 200 <= answered < 300:
                done["webhooks"] += items
            else:
                code = "no_answer" if answered is None else f"http_{answered}"
                failures["webhooks", code] += items
        lost_ms = recordings = 0
        telling = sa.select(process_log.c.event).where(published, process_log.c.type.in_(_TELLING))
        for body in self._connection.scalars(telling):
            event = Event.stored(body)
            failures.update(_failures(event))
            if event.type == EventType.ANSWER_ASSEMBLED:
                recordings += 1
                lost_ms += event.data.details["lost_ms"]
        return Lately(done, failures, lost_ms, recordings)

    def _attempts(self, since: datetime) -> Iterator[tuple[int | None, int]]:
        statement = (
            sa.select(delivery_attempts.c.status, sa.func.count())
            .where(delivery_attempts.c.at >= since)
            .group_by(delivery_attempts.c.status)
        )
        for row in self._connection.execute(statement):
            yield row[0], row[1]

    def _waiting(self) -> Iterator[sa.Select[str, int, datetime]]:
        now = self._clock()
        yield _counted("invitation", batches.c.created_at, batches.c.state == "accepted")
        due = (mails.c.state == "pending", mails.c.due_at <= now)
        yield _counted("mail", mails.c.due_at, *due)
        for stage, state in _AT_WORK.items():
            here = _counted(stage, answers.c.changed_at, answers.c.state == state)
            if stage == "upload":
                here = here.join_from(answers, interviews).where(_goes_on(now))
            yield here
        open_answer = sa.exists().where(
            answers.c.interview_id == interviews.c.id, answers.c.state.not_in(sorted(SETTLED))
        )
        postponed = interviews.c.scored_from.is_not(None) & (interviews.c.scored_from > now)
        submitted = interviews.c.state == InterviewState.SUBMITTED
        yield _counted("scoring", interviews.c.changed_at, submitted, ~postponed, ~open_answer)
        yield _counted("sync", process_log.c.at, process_log.c.published_at.is_(None))
        yield _counted(
            "webhooks",
            deliveries.c.created_at,
            deliveries.c.state == "pending",
            deliveries.c.endpoint_id.in_(
                sa.select(webhook_endpoints.c.id).where(webhook_endpoints.c.state == "active")
            ),
        )
        open_erasure = erasures.c.state.in_([ErasureState.ASKED, ErasureState.SHUT])
        yield _counted("erasure", erasures.c.asked_at, open_erasure)
        undone = (disposals.c.done_at.is_(None), disposals.c.due_at <= now)
        yield _counted("disposal", disposals.c.due_at, *undone)


_TELLING = (
    EventType.ANSWER_ASSEMBLED,
    EventType.ANSWER_RE_RECORD,
    EventType.ANSWER_ANALYSED,
    EventType.INVITATION_FAILED,
)
"""Steps whose details say that something went wrong."""


def _failures(event: Event) -> Counter[tuple[str, str]]:
    """Codes of our own, never what a relay, a person or a file said."""
    told = event.data.details
    match event.type:
        case EventType.ANSWER_ASSEMBLED:
            found = [("assembly", one) for one in told["tracks"].values() if one != "complete"]
        case EventType.ANSWER_RE_RECORD:  # without reasons: a person asked for it
            found = [("quality", code) for code in told.get("reasons", [])]
        case EventType.ANSWER_ANALYSED:
            failed = [name for name, status in told["modules"].items() if status == "failed"]
            found = [("analysis", f"{name}_failed") for name in failed]
        case _:
            found = [("mail", told["message"])]
    return Counter(found)


def _goes_on(now: datetime) -> sa.ColumnElement[bool]:
    return interviews.c.state.in_(_RECORDING_GOES_ON) & (interviews.c.deadline > now)


def _counted(
    stage: str, since: sa.Column[datetime], *conditions: sa.ColumnElement[bool]
) -> sa.Select[str, int, datetime]:
    return sa.select(
        sa.literal(stage).label("stage"),
        sa.func.count().label("items"),
        sa.type_coerce(sa.func.min(since), UtcTime).label("oldest"),
    ).where(*conditions)
