"""What became of mails, recorded in groups: the mail, the interview's state and its process log together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from greenroom.adapters.database import MailRow
from greenroom.domain.events import EventType
from greenroom.domain.interview import INVITATION, InterviewState
from greenroom.domain.message import AFTERWARDS, TO_INTERVIEWERS
from greenroom.runtime.mail.letter import Letter

if TYPE_CHECKING:
    from greenroom.adapters.database import MailKey, Transaction

MOST = 16
LONGEST_S = 0.02
"""A group is recorded when it has so many outcomes, or when its first is so old, in seconds.

An ordinary relay takes some ten milliseconds for a mail, so its groups hold two or three; only one that answers
within a millisecond, on the same machine, fills them.
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one mail: `letter` is set when the relay took it, `retry_at` when it may do so later.

    `answer` is the relay's, or says why the mail was not offered to it.
    """

    mail: MailRow
    answer: str
    letter: Letter | None = None
    retry_at: datetime | None = None


class Group:
    """Outcomes that wait to be recorded together."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self._since = 0.0

    def add(self, outcome: Outcome) -> None:
        if not self._outcomes:
            self._since = time.monotonic()
        self._outcomes.append(outcome)

    def is_due(self) -> bool:
        old = bool(self._outcomes) and time.monotonic() - self._since > LONGEST_S
        return old or len(self._outcomes) >= MOST

    def take(self) -> list[Outcome]:
        """The outcomes; the group is empty then."""
        taken, self._outcomes = self._outcomes, []
        return taken


def record(tx: Transaction, outcomes: list[Outcome]) -> None:
    """Each step is logged once: by the transaction that changes the mail's state."""
    _sent(tx, {outcome.mail.key: outcome for outcome in outcomes if outcome.letter})
    for outcome in outcomes:
        if outcome.letter is None:
            _failed(tx, outcome)


def _sent(tx: Transaction, outcomes: dict[MailKey, Outcome]) -> None:
    if not outcomes:
        return
    marked = tx.mails.sent(list(outcomes))
    interviews = [interview for interview, _, _ in marked]
    tx.interviews.move_many(interviews, InterviewState.INVITED, frm=[InterviewState.CREATED])
    details = {key[0]: _details(outcomes[key]) for key in marked if key[1:] == (INVITATION, 1)}
    if details:
        tx.process_log.append_many(EventType.INTERVIEW_INVITED, details)
    for key in marked:
        if key[1:] != (INVITATION, 1):  # an interview may have several of these at once
            told = key[1] in AFTERWARDS or key[1] in TO_INTERVIEWERS
            kind = EventType.NOTICE_SENT if told else EventType.REMINDER_SENT
            tx.process_log.append(key[0], kind, _details(outcomes[key]))


def _details(outcome: Outcome) -> dict[str, Any]:
    letter = outcome.letter
    assert letter is not None  # noqa: S101  (only what was sent comes here)
    return {
        "message": outcome.mail.message,
        "message_id": letter.message_id,
        "relay": outcome.answer[:200],
        "link_expires": letter.link_expires and letter.link_expires.isoformat(),
    }


def _failed(tx: Transaction, outcome: Outcome) -> None:
    mail = outcome.mail
    tx.mails.failed(mail.key, outcome.answer[:500], outcome.retry_at)
    if outcome.retry_at is None:
        if mail.recipient is None:
            tx.interviews.set_flag(mail.interview_id, "needs_follow_up")
        tx.process_log.append(
            mail.interview_id,
            EventType.INVITATION_FAILED,
            {
                "message": mail.message,
                "reason": outcome.answer[:500],
                "attempts": mail.attempts + 1,
            },
            once=f"failed:{mail.message}:{mail.number}",
        )
