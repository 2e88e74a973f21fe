"""States of an interview and of its answers, and the moves between them.

Interview::

    created ──mail accepted──▶ invited ──link opened──▶ opened ──first attempt──▶ in_progress
       │                                                                              │ submit
       │            ┌──────────────────────submit again──────────┐                    ▼
       │            │                                            └─────────────▶ submitted
       │        re_record ◀──an answer must be asked again──┬─────────────────────────┤
       │                                                    │     every answer is in  │
       │                                                    │         ┌───────────────┴─────────┐
       │                                                    └────── scored               human_review
       ▼                                                              └────────▶ decided ◀──────┘
                                                     scored ──consent to scoring withdrawn──▶ human_review
    cancelled, expired: from any state before `submitted` (and `re_record`)

Answer (always about its attempt in focus: the newest sealed one)::

    pending ──attempt──▶ recording ──manifest──▶ sealed ──▶ assembled ──▶ checked ──▶ analysed
                             ▲                     ▲            └────────────┴──────────┴──▶ re_record
                             └──── another take, or the re-record ───────────────────────────────┘
    pending, recording ──a follow-up that is not answered──▶ skipped

Every move is one compare-and-set in the database; a move whose `from` no longer holds changes nothing,
so a repeated or late event is harmless.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import StrEnum
from typing import Literal


class InterviewState(StrEnum):
    CREATED = "created"
    INVITED = "invited"
    OPENED = "opened"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    RE_RECORD = "re_record"
    SCORED = "scored"
    HUMAN_REVIEW = "human_review"
    DECIDED = "decided"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class AnswerState(StrEnum):
    PENDING = "pending"
    RECORDING = "recording"
    SEALED = "sealed"
    ASSEMBLED = "assembled"
    CHECKED = "checked"
    ANALYSED = "analysed"
    RE_RECORD = "re_record"
    SKIPPED = "skipped"


_I = InterviewState
_A = AnswerState

INTERVIEW_MOVES: dict[InterviewState, frozenset[InterviewState]] = {
    _I.CREATED: frozenset({_I.INVITED, _I.OPENED, _I.CANCELLED, _I.EXPIRED}),
    _I.INVITED: frozenset({_I.OPENED, _I.CANCELLED, _I.EXPIRED}),
    _I.OPENED: frozenset({_I.IN_PROGRESS, _I.CANCELLED, _I.EXPIRED}),
    _I.IN_PROGRESS: frozenset({_I.SUBMITTED, _I.CANCELLED, _I.EXPIRED}),
    _I.SUBMITTED: frozenset({_I.RE_RECORD, _I.SCORED, _I.HUMAN_REVIEW, _I.DECIDED}),
    _I.RE_RECORD: frozenset({_I.SUBMITTED, _I.CANCELLED, _I.EXPIRED}),
    _I.SCORED: frozenset({_I.RE_RECORD, _I.HUMAN_REVIEW, _I.DECIDED}),
    _I.HUMAN_REVIEW: frozenset({_I.RE_RECORD, _I.DECIDED}),
    _I.DECIDED: frozenset(),
    _I.EXPIRED: frozenset(),
    _I.CANCELLED: frozenset(),
}

ANSWER_MOVES: dict[AnswerState, frozenset[AnswerState]] = {
    _A.PENDING: frozenset({_A.RECORDING, _A.SEALED, _A.SKIPPED}),
    _A.RECORDING: frozenset({_A.SEALED, _A.SKIPPED}),
    _A.SEALED: frozenset({_A.SEALED, _A.ASSEMBLED}),
    _A.ASSEMBLED: frozenset({_A.SEALED, _A.CHECKED, _A.RE_RECORD}),
    _A.CHECKED: frozenset({_A.SEALED, _A.ANALYSED, _A.RE_RECORD}),
    _A.ANALYSED: frozenset({_A.SEALED, _A.RE_RECORD}),
    _A.RE_RECORD: frozenset({_A.RECORDING, _A.SEALED}),
    _A.SKIPPED: frozenset({_A.SEALED}),
}

RECORDABLE = frozenset({_I.OPENED, _I.IN_PROGRESS, _I.RE_RECORD})
"""States in which the candidate may start an attempt."""

AWAITED = frozenset({_I.CREATED, _I.INVITED, _I.OPENED, _I.IN_PROGRESS, _I.RE_RECORD})
"""States in which something is expected from the candidate, and a mail may say so."""

BEGUN = frozenset({_I.IN_PROGRESS, _I.SUBMITTED, _I.RE_RECORD, _I.SCORED, _I.HUMAN_REVIEW})
"""An attempt was started, and what was recorded may still be on its way."""

RECEIVED = frozenset({_A.SEALED, _A.ASSEMBLED, _A.CHECKED, _A.ANALYSED})
"""An answer that the candidate need not give again."""

SETTLED = frozenset({_A.ANALYSED, _A.RE_RECORD, _A.SKIPPED})
"""An answer that nothing in the pipeline is working on."""

INVITATION = "invitation_created"
"""The message that invites; a folder of `email_templates`."""

NEEDS_FOLLOW_UP = "needs_follow_up"
"""A flag for HR: 需跟进, a mail could not be delivered, or the deadline is near or missed."""

NEEDS_RE_RECORD = "needs_re_record"
"""A flag for HR: 需二次录制, an answer is to be given again, or the interview was left midway."""

EhrStatus = Literal["待面试", "面试完成", "需二次录制", "已取消", "已过期"]


def ehr_status(state: InterviewState) -> EhrStatus:
    """The status that HR knows in the EHR and OA."""
    match state:
        case _I.CREATED | _I.INVITED | _I.OPENED | _I.IN_PROGRESS:
            return "待面试"
        case _I.RE_RECORD:
            return "需二次录制"
        case _I.CANCELLED:
            return "已取消"
        case _I.EXPIRED:
            return "已过期"
        case _:
            return "面试完成"


def still_owed(
    interview: InterviewState,
    answers: Mapping[str, AnswerState],
    follow_ups: Container[str] = frozenset(),
) -> list[str]:
    """The answers without which the interview cannot be submitted; never one to a follow-up.

    An answer that the quality check refused before the first submission may stand as it is: who cannot do
    better hands in, and HR sees it. Once the interview itself is `re_record`, giving it again is what is owed.
    """
    given = RECEIVED if interview == _I.RE_RECORD else RECEIVED | {_A.RE_RECORD}
    return [
        answer
        for answer, state in answers.items()
        if state not in given and answer not in follow_ups
    ]


def can_take(answer: AnswerState, attempts: int, takes: int) -> bool:
    """Whether the candidate may start another attempt, with `attempts` sealed so far.

    An answer that is still owed is always allowed: the platform asked for it, be it for the first time or as
    a re-record, and a recording that broke off does not change that.
    """
    return answer not in RECEIVED or attempts < takes
