"""A calendar program reads back what was filled in, however long it is and wherever lines are broken."""

from datetime import UTC, datetime, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from greenroom.runtime.mail.calendar_entry import Entry, Method

AT = datetime(2026, 6, 30, 10, tzinfo=UTC)
printable = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=120
)
tokens = st.text("abcXYZ019-_.", min_size=1, max_size=300)


@given(summary=printable, description=printable, token=tokens)
def test_everything_comes_back(summary: str, description: str, token: str) -> None:
    entry = Entry(summary=summary, description=description, deadline=AT, stamp=AT)
    link = f"https://interview.example.com/i/{token}"
    body = entry.fill(uid="itv_1@example.com", link=link)
    (event,) = icalendar.Calendar.from_ical(body).events
    assert event["summary"] == summary
    assert event["description"] == f"{description}\n{link}"
    assert event["url"] == link
    assert event["uid"] == "itv_1@example.com"
    assert event.decoded("dtstart") == AT
    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    assert body.replace(b"\r\n", b"").count(b"\n") == 0


def test_an_extended_deadline_replaces_the_entry_and_a_copy_does_not() -> None:
    def event(deadline: datetime, stamp: datetime) -> icalendar.Event:
        entry = Entry(summary="s", description="d", deadline=deadline, stamp=stamp)
        body = entry.fill(uid="itv_1@example.com", link="https://interview.example.com/i/t")
        (read,) = icalendar.Calendar.from_ical(body).events
        return read

    first = event(AT, AT - timedelta(days=7))
    copy = event(AT, AT - timedelta(days=2))
    extended = event(AT + timedelta(seconds=1), AT - timedelta(days=7))
    far = event(datetime(2080, 1, 1, tzinfo=UTC), AT)
    assert first["uid"] == copy["uid"] == extended["uid"]
    assert first["sequence"] == copy["sequence"] < extended["sequence"] < far["sequence"] < 2**31


def test_a_cancelled_interview_leaves_the_calendar() -> None:
    """RFC 5546, 3.2.5: the same UID, a higher SEQUENCE, METHOD and STATUS say so; nobody is reminded any more."""

    def calendar(method: Method) -> icalendar.Calendar:
        entry = Entry(summary="s", description="d", deadline=AT, stamp=AT, method=method)
        body = entry.fill(uid="itv_1@example.com", link="https://interview.example.com/i/t")
        return icalendar.Calendar.from_ical(body)

    published, cancelled = calendar("PUBLISH"), calendar("CANCEL")
    assert (published["method"], cancelled["method"]) == ("PUBLISH", "CANCEL")
    (before,), (after,) = published.events, cancelled.events
    assert before["uid"] == after["uid"]
    assert after["sequence"] > before["sequence"]
    assert (before["status"], after["status"]) == ("CONFIRMED", "CANCELLED")
    assert before.walk("valarm") and not after.walk("valarm")
