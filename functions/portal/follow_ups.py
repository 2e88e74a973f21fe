"""Follow-ups 追问: while the candidate waits a moment, one more question to an answer that left something out.

The page asks when the answer was sent; until the reports on it are there it asks again, and goes on by itself when
its patience ends. The first offer to a question is kept, and every later call finds that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from functions.portal.follow_up_wording import worded
from functions.portal.interview import AnswerView, view_of
from greenroom.domain.analysis import Analysis
from greenroom.domain.asked import Asked
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.events import EventType
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.follow_up_rules import find_lack, follow_up, shipped_rules
from greenroom.domain.interview import RECORDABLE, AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.model import Document
from greenroom.domain.quality import Quality
from greenroom.runtime.documents import stored_document
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import AnswerRow, InterviewRow, Transaction
    from greenroom.runtime.function import Function

_REPORTED = frozenset({AnswerState.CHECKED, AnswerState.ANALYSED})
_NO_STORE = {"Cache-Control": "no-store"}


class FollowUpWish(Document):
    """`attempt`: the one that the candidate has just sent; an earlier one is not looked at any more."""

    attempt: Annotated[int, Field(ge=1, le=999)]


class FollowUpReply(Document):
    """`waiting`: ask again in a moment. `none`: nothing is missing, or nothing can be asked now."""

    state: Literal["offered", "waiting", "none"]
    follow_up: AnswerView | None = None


def ask_for_follow_up(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/follow-ups/{answer}``: never a second question to the same answer.

    Raises `NotFound` (`unknown_answer`), `Invalid` (`invalid_document`), `Unavailable` (store, database).
    """
    wish = request.document(FollowUpWish)
    interview_id, answer_id = request.who.id, request.params["answer"]
    with app.database.begin() as tx:
        interview = tx.interviews.get(interview_id)
        answer = tx.interviews.answer(interview_id, answer_id)
        reply = _known(tx, interview, answer, wish)
    if reply is None:
        reply = _found(interview, answer, wish, app)
    return Response.json(reply, headers=_NO_STORE)


def skip_follow_up(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/follow-ups/{answer}/skip``: again, the same; what was answered already stays.

    Raises `NotFound` (`unknown_follow_up`), `Conflict` (`interview_not_open`).
    """
    interview_id = request.who.id
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        interview = tx.interviews.get(interview_id)
        offered = _offered(interview, request.params["answer"])
        if offered is None:
            raise NotFound("this answer has no follow-up", code="unknown_follow_up")
        if interview.state in RECORDABLE and tx.interviews.skip_answers(interview_id, [offered.id]):
            details = {"answer": offered.id, "follows": offered.follows, "by": "candidate"}
            tx.process_log.append(interview_id, EventType.FOLLOW_UP_SKIPPED, details)
        state = tx.interviews.answer(interview_id, offered.id).state
        if state in (AnswerState.PENDING, AnswerState.RECORDING):
            raise Conflict(
                f"nothing can be skipped: the interview is {interview.state}",
                code="interview_not_open",
                state=interview.state,
            )
    return Response.json({"answer": offered.id, "state": state}, headers=_NO_STORE)


def _offered(interview: InterviewRow, answer_id: str) -> FollowUp | None:
    found = (item for item in interview.plan.follow_ups.values() if item.follows == answer_id)
    return next(found, None)


def _known(
    tx: Transaction, interview: InterviewRow, answer: AnswerRow, wish: FollowUpWish
) -> FollowUpReply | None:
    """What can be said without looking at the reports; None where they decide."""
    plan = interview.plan
    offered = _offered(interview, answer.answer_id)
    if offered is not None:
        return _offer(tx, interview.id, offered)
    open_now = interview.state == InterviewState.IN_PROGRESS and tx.clock() < interview.deadline
    if (
        not plan.template.entry.follow_ups
        or not open_now
        or answer.answer_id in plan.follow_ups
        or answer.state == AnswerState.RE_RECORD
    ):
        return FollowUpReply(state="none")
    if answer.attempt < wish.attempt or answer.state not in _REPORTED:
        return FollowUpReply(state="waiting")
    return None


def _offer(tx: Transaction, interview_id: str, offered: FollowUp) -> FollowUpReply:
    views = {view.answer: view for view in view_of(tx, interview_id).answers}
    return FollowUpReply(state="offered", follow_up=views[offered.id])


def _found(
    interview: InterviewRow, answer: AnswerRow, wish: FollowUpWish, app: Function[Settings]
) -> FollowUpReply:
    """What the rules find in the reports on the attempt in focus; the offer is kept before it is told."""
    ref = AttemptRef(interview.id, answer.answer_id, answer.attempt)
    asked, rules = Asked.in_plan(interview.plan, answer.answer_id), shipped_rules()
    quality = stored_document(app.store, ref.quality, Quality)
    analysis = stored_document(app.store, ref.analysis, Analysis)
    lack = find_lack(rules, asked, quality, analysis) if quality else None
    if lack is None:
        coming = answer.state == AnswerState.CHECKED and analysis is None
        return FollowUpReply(state="waiting" if coming else "none")
    found = follow_up(asked.question, answer.attempt, lack, rules)
    found = worded(found, asked, analysis, rules, app)
    with app.changes() as tx:
        tx.interviews.hold(interview.id)
        now = tx.interviews.get(interview.id)
        # The model took its time: what was decided meanwhile, by another call or another take, comes first.
        known = _known(tx, now, tx.interviews.answer(interview.id, answer.answer_id), wish)
        if known is not None:
            return known
        tx.interviews.offer_follow_up(interview.id, found)
        tx.process_log.append(interview.id, EventType.FOLLOW_UP_OFFERED, _details(found))
        return _offer(tx, interview.id, found)


def _details(offered: FollowUp) -> dict[str, object]:
    told = {"follows", "attempt", "rule", "rules_version", "source", "fallback"}
    return {"answer": offered.id, **offered.model_dump(mode="json", include=told)}
