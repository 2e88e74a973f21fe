"""One interview as its candidate sees it: never a score, never what HR writes about them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from greenroom.domain.consent import PURPOSES, Consents, Purpose
from greenroom.domain.entry import EntryRules
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.identity import IdentityPicture
from greenroom.domain.interview import (
    RECORDABLE,
    AnswerState,
    EhrStatus,
    InterviewState,
    can_take,
    ehr_status,
)
from greenroom.domain.model import Document, Locale, LocalizedText
from greenroom.domain.template import TrackName
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import AnswerRow, InterviewRow, Transaction
    from greenroom.domain.plan import Plan
    from greenroom.domain.template import Question
    from greenroom.runtime.function import Function


class AnswerView(Document):
    """A question and where its answer stands. Limits in seconds; `attempts` counts the sealed ones.

    `recordable` says whether an attempt may be started now. `follows` is the answer that a follow-up asks about;
    a follow-up may be skipped.
    """

    answer: str
    follows: str | None
    text: LocalizedText
    hint: LocalizedText | None
    tracks: list[TrackName]
    think_s: float
    min_s: float
    max_s: float
    takes: int
    state: AnswerState
    attempts: int
    recordable: bool


class InterviewView(Document):
    """What the page shows and the API answers. `consents` is None until they are given; `purposes` are asked for.

    `notice` is what the policy has candidates told of software that scores.

    Limits hold the extra time of `time_factor` already; `entry` says what the template asks before recording,
    `identity` which of its pictures are there.
    """

    interview: str
    name: str
    job: LocalizedText
    locale: Locale
    state: InterviewState
    ehr_status: EhrStatus
    deadline: datetime
    submitted_at: datetime | None
    answers: list[AnswerView]
    consents: Consents | None
    purposes: list[Purpose]
    notice: LocalizedText | None
    identity: list[IdentityPicture]
    entry: EntryRules
    time_factor: float
    time_zone: str | None
    server_time: datetime

    @property
    def questions(self) -> list[AnswerView]:
        """Without the follow-ups, which nobody knew of before."""
        return [answer for answer in self.answers if answer.follows is None]

    def number(self, answer: AnswerView) -> int:
        """The question's number as people count; a follow-up has its question's."""
        numbered = [question.answer for question in self.questions]
        return numbered.index(answer.follows or answer.answer) + 1


def read_interview(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/candidate/interview``."""
    with app.database.begin() as tx:
        view = view_of(tx, request.who.id)
    return Response.json(view, headers={"Cache-Control": "no-store"})


def asked_purposes(plan: Plan) -> list[Purpose]:
    """The consents that candidates are asked for: the policy's, those that only some templates need left out."""
    asked = set(plan.policy.consents)
    if not plan.template.entry.identity:
        asked.discard("identity")
    if not plan.template.development:
        asked.discard("development")
    return [purpose for purpose in PURPOSES if purpose in asked]


def view_of(tx: Transaction, interview_id: str) -> InterviewView:
    """Raises `NotFound` (`unknown_interview`)."""
    row = tx.interviews.get(interview_id)
    consents = tx.interviews.consents(interview_id)
    open_now = (
        row.state in RECORDABLE
        and tx.clock() < row.deadline
        and consents is not None
        and consents.recording
    )
    answers = {answer.answer_id: answer for answer in tx.interviews.answers(interview_id)}
    return InterviewView(
        interview=row.id,
        name=row.candidate_name,
        job=row.plan.model.job,
        locale=row.locale,
        state=row.state,
        ehr_status=ehr_status(row.state),
        deadline=row.deadline,
        submitted_at=row.submitted_at,
        answers=[
            _answer(question, answers[question.id], row, open_now=open_now)
            for question in row.plan.template.questions
        ],
        consents=consents,
        purposes=asked_purposes(row.plan),
        notice=row.plan.policy.notice.text if row.plan.policy.notice else None,
        identity=list(tx.identity.kept(interview_id)),
        entry=row.plan.template.entry,
        time_factor=row.time_factor,
        time_zone=row.time_zone,
        server_time=tx.clock(),
    )


def _answer(
    question: Question, answer: AnswerRow, row: InterviewRow, *, open_now: bool
) -> AnswerView:
    asked = row.state != InterviewState.RE_RECORD or answer.state in (
        AnswerState.RE_RECORD,
        AnswerState.RECORDING,
    )
    return AnswerView(
        answer=question.id,
        follows=question.follows if isinstance(question, FollowUp) else None,
        text=question.text,
        hint=question.hint,
        tracks=question.tracks,
        think_s=question.think_s * row.time_factor,
        min_s=question.min_s,
        max_s=question.max_s * row.time_factor,
        takes=question.takes,
        state=answer.state,
        attempts=answer.seals,
        recordable=open_now
        and asked
        and answer.state != AnswerState.SKIPPED
        and can_take(answer.state, answer.seals, question.takes),
    )
