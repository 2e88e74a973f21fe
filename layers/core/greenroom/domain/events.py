"""Steps of an interview: rows of the process log 面试流程日志, and the webhooks made from them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from greenroom.domain.errors import Invalid, Unavailable
from greenroom.domain.model import Document


class EventType(StrEnum):
    INTERVIEW_CREATED = "interview.created"
    INTERVIEW_INVITED = "interview.invited"
    INVITATION_FAILED = "invitation.failed"
    MAIL_OPENED = "mail.opened"
    MAIL_CLICKED = "mail.clicked"
    INTERVIEW_OPENED = "interview.opened"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    IDENTITY_TAKEN = "identity.taken"
    IDENTITY_VIEWED = "identity.viewed"
    IDENTITY_DELETED = "identity.deleted"
    CANDIDATE_STEP = "candidate.step"
    CHECKS_PASSED = "checks.passed"
    CANDIDATE_AWAY = "candidate.away"
    CANDIDATE_BACK = "candidate.back"
    CAMERA_TROUBLE = "camera.trouble"
    TIME_GRANTED = "time.granted"
    DEADLINE_EXTENDED = "deadline.extended"
    REMINDER_REQUESTED = "reminder.requested"
    REMINDER_SENT = "reminder.sent"
    NOTICE_SENT = "notice.sent"
    INTERVIEW_FLAGGED = "interview.flagged"
    INTERVIEW_STARTED = "interview.started"
    ANSWER_STARTED = "answer.started"
    ANSWER_SEALED = "answer.sealed"
    ANSWER_ASSEMBLED = "answer.assembled"
    ANSWER_CHECKED = "answer.checked"
    ANSWER_RE_RECORD = "answer.re_record"
    ANSWER_ANALYSED = "answer.analysed"
    FOLLOW_UP_OFFERED = "follow_up.offered"
    FOLLOW_UP_SKIPPED = "follow_up.skipped"
    INTERVIEW_SUBMITTED = "interview.submitted"
    INTERVIEW_RE_RECORD = "interview.re_record"
    SCORING_POSTPONED = "scoring.postponed"
    INTERVIEW_SCORED = "interview.scored"
    SCORE_OVERRIDDEN = "score.overridden"
    SCORE_RESTORED = "score.restored"
    INTERVIEW_HUMAN_REVIEW = "interview.human_review"
    INTERVIEW_DECIDED = "interview.decided"
    DEVELOPMENT_READY = "development.ready"
    DEVELOPMENT_WITHDRAWN = "development.withdrawn"
    INTERVIEW_CANCELLED = "interview.cancelled"
    DATA_DELETED = "data.deleted"
    CANDIDATE_ERASED = "candidate.erased"


def links_of(kind: EventType, interview_id: str) -> dict[str, str]:
    """Where the rest of an event is to be read, by the API's paths."""
    path = f"/v1/interviews/{interview_id}"
    links = {"results": f"{path}/results"}
    if kind == EventType.DEVELOPMENT_READY:
        links["development_plan"] = f"{path}/development-plan"
        links["improvement_goals"] = f"{path}/improvement-goals"
    return links


class EventData(Document):
    """The thin payload: who and where it stands; `details` differ by type; `links` lead to the rest.

    Of `candidate.erased` only the interview is left to name: `candidate` is empty and nothing can be read any more.
    """

    interview: str
    batch: str
    candidate: str
    state: str
    ehr_status: str
    details: dict[str, Any] = {}
    links: dict[str, str] = {}


class Event(Document):
    """A CloudEvents 1.0 envelope; `id` never changes, however often the event is sent.

    `sequence` counts from 1 within the interview (`subject`); a receiver sees them in this order.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = "/greenroom"
    type: EventType
    subject: str
    time: datetime
    sequence: Annotated[int, Field(ge=1)]
    datacontenttype: Literal["application/json"] = "application/json"
    data: EventData

    @classmethod
    def stored(cls, body: bytes | str, *, what: str | None = None) -> Self:
        """As any document's. Raises `Unavailable` (`newer_release`) for a step that this release does not know yet.

        It waits and is tried again, until whoever reads it is of the newer release too.
        """
        try:
            return super().stored(body, what=what)
        except Invalid as error:
            if [item["at"] for item in error.fields["errors"]] == ["type"]:
                raise Unavailable("a step of a newer release", code="newer_release") from error
            raise
