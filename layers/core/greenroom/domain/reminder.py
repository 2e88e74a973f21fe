"""Reminders: which one is due when, and at what time of day a candidate may be written to."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ReminderName = Literal[
    "reminder_guidance", "reminder_deadline", "invitation_re_record", "deadline_missed"
]
"""Each names a folder of `email_templates`."""

GUIDANCE_AFTER = timedelta(hours=24)
"""Invited for so long without a first recording: 二次提醒."""
DEADLINE_NEAR = timedelta(hours=24)
JUST_TOLD = timedelta(hours=6)
"""Who was invited so recently is not reminded of the deadline."""
LEFT_AFTER = timedelta(hours=2)
"""Not heard of for so long in the middle of an interview: it is to be recorded again."""
MISSED_WITHIN = timedelta(days=3)
"""Deadlines that were missed longer ago are not written about, after an outage of ours for example."""

MORNING = time(8)
EVENING = time(21)
"""Candidates are written to between these, in their time zone."""


def by_day(moment: datetime, zone: str) -> datetime:
    """`moment`, or the next morning when it falls into the night of `zone`."""
    local = moment.astimezone(ZoneInfo(zone))
    if MORNING <= local.time() < EVENING:
        return moment
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, ZoneInfo(zone)).astimezone(moment.tzinfo)
