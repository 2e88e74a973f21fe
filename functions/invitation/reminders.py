"""Reminders and what HR is told with them: each once, however often and by however many it is looked for.

A reminder is a mail of the outbox under a key that follows from the rule, so a second scheduler, or the same one
after a restart, finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from greenroom.adapters.database import NewMail
from greenroom.domain.events import EventType
from greenroom.domain.interview import NEEDS_FOLLOW_UP, NEEDS_RE_RECORD
from greenroom.domain.reminder import ReminderName, by_day

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

AT_ONCE = 500
"""Reminders of a kind that one sweep queues."""

FLAGS: dict[ReminderName, str] = {
    "reminder_deadline": NEEDS_FOLLOW_UP,
    "deadline_missed": NEEDS_FOLLOW_UP,
    "invitation_re_record": NEEDS_RE_RECORD,
}
"""What the EHR marks the candidate with: 需跟进, 需二次录制."""


def queue_reminders(app: Function[Settings]) -> None:
    """Queue what the rules ask for, to be sent by day in the installation's time zone."""
    names: tuple[ReminderName, ...] = get_args(ReminderName)
    for reminder in names:
        with app.database.begin() as tx:
            due = tx.reminders.due(reminder, AT_ONCE)
        for interview, number in due:
            with app.changes() as tx:
                _queue(tx, reminder, interview, number, app)


def _queue(
    tx: Transaction, reminder: ReminderName, interview: str, number: int, app: Function[Settings]
) -> None:
    tx.interviews.hold(interview)
    if not tx.reminders.is_due(reminder, interview):
        return  # handed in, cancelled or heard of since it was looked for
    zone = tx.interviews.get(interview).time_zone or app.settings.time_zone
    due_at = by_day(app.clock(), zone)
    tx.mails.queue_many([NewMail(interview, reminder, number, due_at)])
    flag = FLAGS.get(reminder)
    if flag is None:
        return
    tx.interviews.set_flag(interview, flag)
    details = {"reason": reminder, "flag": flag}
    once = f"flagged:{reminder}:{number}"
    tx.process_log.append(interview, EventType.INTERVIEW_FLAGGED, details, once=once)
