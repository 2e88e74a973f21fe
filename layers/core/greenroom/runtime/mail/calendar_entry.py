"""The deadline as a calendar entry (RFC 5545), laid out once and filled for each candidate."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

import icalendar

_UID = "mark-of-the-uid"
_LINK = "mark-of-the-link"
_FOLDED_LINK = re.compile("(?:\r\n )?".join(("", *_LINK)))
"""The mark, wherever the library broke the line: the link goes on in lines of its own."""

_WIDTH = 74
"""Octets of a link in one line: RFC 5545 asks for at most 75 with the fold's space."""

_COUNTED_FROM = datetime(2020, 1, 1, tzinfo=UTC)

Method = Literal["PUBLISH", "CANCEL"]
"""RFC 5546: the entry enters the calendar, or leaves it."""

ALARMS = (timedelta(days=-1), timedelta(hours=-2))
"""Reminders before the deadline."""


class Entry:
    """An event without duration at the deadline; it leaves the candidate's time marked as free."""

    def __init__(
        self,
        *,
        summary: str,
        description: str,
        deadline: datetime,
        stamp: datetime,
        method: Method = "PUBLISH",
    ) -> None:
        cancels = method == "CANCEL"
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//Greenroom//Interviews//EN")
        calendar.add("version", "2.0")
        calendar.add("method", method)
        event = icalendar.Event()
        event.add("uid", _UID)
        event.add("sequence", sequence_of(deadline) + cancels)
        event.add("status", "CANCELLED" if cancels else "CONFIRMED")
        event.add("dtstamp", stamp)
        event.add("dtstart", deadline)
        event.add("summary", summary)
        event.add("description", f"{description}\n{_LINK}")
        event.add("url", _LINK)
        event.add("transp", "TRANSPARENT")
        for before in () if cancels else ALARMS:
            alarm = icalendar.Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("trigger", before)
            alarm.add("description", summary)
            event.add_component(alarm)
        calendar.add_component(event)
        self._layout = _FOLDED_LINK.sub(_LINK, calendar.to_ical().decode())

    def fill(self, *, uid: str, link: str) -> bytes:
        """The calendar's bytes. The same `uid` with a later deadline replaces the entry in a calendar."""
        folded = "".join(f"\r\n {link[at : at + _WIDTH]}" for at in range(0, len(link), _WIDTH))
        return self._layout.replace(_LINK, folded).replace(_UID, uid).encode()


def sequence_of(deadline: datetime) -> int:
    """SEQUENCE (RFC 5545, 3.8.7.4): seconds from 2020 to the deadline, so that each extension raises it.

    It follows from the deadline alone: every copy and every worker writes the same number. Counted from 1970,
    it would leave RFC 5545's 32 bits in 2038.
    """
    return int((deadline - _COUNTED_FROM).total_seconds())
