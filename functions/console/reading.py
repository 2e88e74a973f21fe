"""What is known about interviews, read once for both the API and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.console.list_query import list_query
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis
from greenroom.domain.assembly import AssembledTrack, Assembly
from greenroom.domain.errors import Invalid
from greenroom.domain.keys import AttemptRef
from greenroom.domain.ledger import Ledger, ledger
from greenroom.domain.manifest import KeyMoment, Manifest
from greenroom.domain.override import Override, StandingScores, standing_scores
from greenroom.domain.quality import Quality
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.template import TrackName
from greenroom.runtime.documents import stored_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from functions.console.settings import Settings
    from greenroom.adapters.database import (
        AnswerRow,
        DeliveryRow,
        IdentityRow,
        InterviewRow,
        LogRow,
    )
    from greenroom.domain.retention import DataKind
    from greenroom.runtime.function import Function

IDS_AT_ONCE = 500
"""Every database takes a list of so many."""


@dataclass(frozen=True)
class InterviewList:
    """One page of interviews. `scores` are their competencies', by interview.

    `after` is the cursor of the next page, None at the end.
    """

    interviews: list[InterviewRow]
    scores: dict[str, dict[str, float | None]]
    after: str | None


@dataclass(frozen=True)
class Answer:
    """An answer with the documents about its attempt in focus; None for what is not there yet.

    `links` are presigned URLs of the recordings, by track.
    """

    row: AnswerRow
    manifest: Manifest | None
    assembly: Assembly | None
    quality: Quality | None
    analysis: Analysis | None
    links: dict[TrackName, str]

    @property
    def key_moments(self) -> list[KeyMoment]:
        """What the candidate marked, in seconds of the camera's recording."""
        return self.manifest.key_moments if self.manifest else []

    @property
    def tracks(self) -> list[AssembledTrack]:
        return self.assembly.tracks if self.assembly else []


@dataclass(frozen=True)
class Interview:
    """Everything about one interview."""

    row: InterviewRow
    answers: list[Answer]
    scorecard: Scorecard | None
    overrides: dict[str, Override]

    @property
    def standing(self) -> StandingScores | None:
        """The scores that hold, None before software has scored."""
        if self.scorecard is None:
            return None
        return standing_scores(self.scorecard, self.overrides, self.row.plan.mapping)

    @property
    def ledger(self) -> Ledger:
        """What was recorded against what was saved, over the answers that were assembled."""
        return ledger(
            self.row.id,
            [
                (answer.manifest, answer.assembly)
                for answer in self.answers
                if answer.manifest and answer.assembly
            ],
        )

    @property
    def loss_ms(self) -> int | None:
        """Milliseconds recorded and not saved, over all answers; None while nothing has been assembled."""
        found = self.ledger
        return found.lost_ms if found.answers else None


def interview_list(
    query: Mapping[str, str], app: Function[Settings], *, interviewer: str | None = None
) -> InterviewList:
    """As `list_query` reads it; with the mail address of an `interviewer` only what is assigned to them.

    Raises `Invalid` (`invalid_query`), `NotFound`, `Conflict` (`cursor_lost`).
    """
    wanted = list_query(query)
    with app.database.begin() as tx:
        # One more than asked for tells whether there is a next page.
        rows = tx.interviews.find(
            **{**vars(wanted), "limit": wanted.limit + 1, "interviewer": interviewer}
        )
        shown = rows[: wanted.limit]
        scores = tx.interviews.scores_of([row.id for row in shown])
    return InterviewList(shown, scores, shown[-1].id if len(rows) > wanted.limit else None)


def whole_list(query: Mapping[str, str], app: Function[Settings], *, at_most: int) -> InterviewList:
    """Every page of `interview_list` at once. Raises `Invalid`: `invalid_query`, `too_many_rows`."""
    wanted = list_query({name: value for name, value in query.items() if name != "after"})
    with app.database.begin() as tx:
        rows = tx.interviews.find(**wanted.filters, order=wanted.order, limit=at_most + 1)
        if len(rows) > at_most:
            raise Invalid(
                f"more than {at_most} interviews match; narrow the filters", code="too_many_rows"
            )
        scores: dict[str, dict[str, float | None]] = {}
        for begin in range(0, len(rows), IDS_AT_ONCE):
            some = rows[begin : begin + IDS_AT_ONCE]
            scores |= tx.interviews.scores_of([row.id for row in some])
    return InterviewList(rows, scores, None)


def interview(interview_id: str, app: Function[Settings]) -> Interview:
    """Raises `NotFound` (`unknown_interview`)."""
    with app.database.begin() as tx:
        row = tx.interviews.get(interview_id)
        answers = tx.interviews.answers(interview_id)
        overrides = tx.overrides.of(interview_id)
    return Interview(
        row,
        [_answer(answer, app) for answer in answers],
        stored_document(app.store, keys.scorecard(interview_id), Scorecard),
        overrides,
    )


def process_log(interview_id: str, app: Function[Settings]) -> Sequence[LogRow]:
    """面试流程日志, oldest first."""
    with app.database.begin() as tx:
        return tx.process_log.list(interview_id)


def deliveries(interview_id: str, app: Function[Settings]) -> list[DeliveryRow]:
    """What was sent to the webhooks about this interview."""
    with app.database.begin() as tx:
        return tx.webhooks.deliveries(interview_id=interview_id, limit=500)


def identity_pictures(interview_id: str, app: Function[Settings]) -> list[IdentityRow]:
    """Which pictures were taken and until when they are kept; never the pictures."""
    with app.database.begin() as tx:
        return tx.identity.list(interview_id)


@dataclass(frozen=True)
class Keeping:
    """When each kind of data is or was deleted, None while the procedure runs; why nothing may be, None without."""

    dates: dict[DataKind, datetime | None]
    held: str | None


def keeping(interview_id: str, app: Function[Settings]) -> Keeping:
    with app.database.begin() as tx:
        return Keeping(tx.disposals.dates(interview_id), tx.legal_holds.reason(interview_id))


def _answer(row: AnswerRow, app: Function[Settings]) -> Answer:
    if row.attempt == 0:
        return Answer(row, None, None, None, None, {})
    store, expires_s = app.store, app.settings.playback.expires_s
    ref = AttemptRef(row.interview_id, row.answer_id, row.attempt)
    assembly = stored_document(store, ref.assembly, Assembly)
    links = {
        track.track: store.download_url(track.recording, expires_s=expires_s)
        for track in (assembly.tracks if assembly else [])
        if track.recording is not None
    }
    return Answer(
        row,
        stored_document(store, ref.manifest, Manifest),
        assembly,
        stored_document(store, ref.quality, Quality),
        stored_document(store, ref.analysis, Analysis),
        links,
    )


def names(users: Iterable[str], app: Function[Settings]) -> dict[str, str]:
    """What people are called, by id; who is no user (an API key) is left out."""
    with app.database.begin() as tx:
        return tx.users.names(sorted(users))


def interviewers(interview_id: str, app: Function[Settings]) -> list[str]:
    """The mail addresses of those who are assigned."""
    with app.database.begin() as tx:
        return tx.interviewers.of(interview_id)
