"""Interviews for which a reminder is due and not yet queued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import interviews, mails, presence, process_log
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.reminder import (
    DEADLINE_NEAR,
    GUIDANCE_AFTER,
    JUST_TOLD,
    LEFT_AFTER,
    MISSED_WITHIN,
    ReminderName,
)

_I = interviews.c
_S = InterviewState


class Reminders(Repository):
    def due(self, reminder: ReminderName, limit: int) -> list[tuple[str, int]]:
        """Interviews with the number of the mail that they are to get, at most `limit`."""
        now = self._clock()
        statement = sa.select(_I.id, _number(reminder)).where(
            *_rule(reminder, now),
            ~sa.exists().where(
                mails.c.interview_id == _I.id,
                mails.c.message == reminder,
                mails.c.number == _number(reminder),
            ),
        )
        found = self._connection.execute(statement.order_by(_I.created_at, _I.id).limit(limit))
        return [(row[0], row[1]) for row in found]

    def is_due(self, reminder: ReminderName, interview_id: str) -> bool:
        """Whether the rule still holds for one interview, which the caller holds."""
        statement = sa.select(_I.id).where(_I.id == interview_id, *_rule(reminder, self._clock()))
        return self._connection.scalar(statement) is not None


def _rule(reminder: ReminderName, now: datetime) -> list[sa.ColumnElement[bool]]:
    far, open_still = _I.deadline > now + DEADLINE_NEAR, _I.deadline > now
    match reminder:
        case "reminder_guidance":
            return [_in(_S.INVITED, _S.OPENED), _I.created_at <= now - GUIDANCE_AFTER, far]
        case "reminder_deadline":
            states = _in(_S.INVITED, _S.OPENED, _S.IN_PROGRESS, _S.RE_RECORD)
            # Who was invited within the same day has just been told.
            told = _I.created_at <= now - JUST_TOLD
            return [states, _I.deadline <= now + DEADLINE_NEAR, open_still, told]
        case "invitation_re_record":
            return [_left_midway(now) | (_I.state == _S.RE_RECORD), open_still]
        case "deadline_missed":
            states = _in(_S.INVITED, _S.OPENED, _S.IN_PROGRESS, _S.RE_RECORD)
            return [states, _I.deadline <= now, _I.deadline > now - MISSED_WITHIN]


def _left_midway(now: datetime) -> sa.ColumnElement[bool]:
    heard = sa.select(presence.c.heard_at).where(presence.c.interview_id == _I.id).scalar_subquery()
    return (
        (_I.state == _S.IN_PROGRESS)
        & (_I.changed_at <= now - LEFT_AFTER)
        & (heard.is_(None) | (heard <= now - LEFT_AFTER))
    )


def _number(reminder: ReminderName) -> sa.ColumnElement[int]:
    """One of each kind; of re-record invitations one for having left, and one for each verdict."""
    if reminder != "invitation_re_record":
        return sa.literal(1)
    verdicts: Any = (
        sa.select(sa.func.count())
        .where(
            process_log.c.interview_id == _I.id,
            process_log.c.type == EventType.INTERVIEW_RE_RECORD.value,
        )
        .correlate(interviews)
        .scalar_subquery()
    )
    return sa.cast(verdicts + 1, sa.Integer)


def _in(*states: InterviewState) -> sa.ColumnElement[bool]:
    return _I.state.in_([state.value for state in states])
