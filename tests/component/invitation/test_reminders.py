"""Reminders over days of an injected clock: each once, by day, with the flag that HR sees."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from functions.invitation.deliver import house_of
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.reminder import EVENING, MORNING
from greenroom.runtime.mail.letter import Letters
from tests.function_client import FunctionClient
from tests.invitation_fixtures import House, fresh_app

SUBJECTS = {
    "尚未开始": "reminder_guidance",
    "将于": "reminder_deadline",
    "重新录制": "invitation_re_record",
    "已过截止时间": "deadline_missed",
}


def invited(house: House, **head) -> str:
    batch = house.invite(1, deadline=(house.clock() + timedelta(days=3)).isoformat(), **head)
    house.work_off(batch)
    with house.database.begin() as tx:
        (row,) = tx.interviews.find(batch=batch)
    return row.id


def move(house: House, interview: str, *states: InterviewState) -> None:
    with house.app.changes() as tx:
        for state in states:
            assert tx.interviews.move(interview, state)


def flags(house: House, interview: str) -> list[str]:
    with house.database.begin() as tx:
        return tx.interviews.get(interview).flags


def steps(house: House, interview: str) -> list[str]:
    with house.database.begin() as tx:
        return [str(step.type) for step in tx.process_log.list(interview)]


def reminders(house: House) -> list[str]:
    """The reminders that arrived, in their order."""
    told = []
    for message in house.sink.messages():
        told += [name for words, name in SUBJECTS.items() if words in str(message["Subject"])]
    return told


def pass_time(house: House, hours: int) -> list[int]:
    """Sweep every hour; the local hours at which mails came."""
    came = []
    for _ in range(hours):
        before = len(house.sink.messages())
        house.clock.turn(hours=1)
        house.sweep()
        if len(house.sink.messages()) > before:
            came.append(house.clock().astimezone(ZoneInfo("Asia/Shanghai")).hour)
    return came


def test_who_does_nothing_is_reminded_three_times_by_day_and_followed_up(house: House) -> None:
    interview = invited(house)
    came = pass_time(house, 24 * 5)
    assert reminders(house) == ["reminder_guidance", "reminder_deadline", "deadline_missed"]
    assert all(MORNING.hour <= hour < EVENING.hour for hour in came)
    assert flags(house, interview) == ["needs_follow_up"]
    log = steps(house, interview)
    assert log.count("reminder.sent") == 3
    assert log.count("interview.flagged") == 2


def test_who_hands_in_is_left_alone(house: House) -> None:
    interview = invited(house)
    move(
        house,
        interview,
        InterviewState.OPENED,
        InterviewState.IN_PROGRESS,
        InterviewState.SUBMITTED,
    )
    pass_time(house, 24 * 4)
    assert reminders(house) == []
    assert flags(house, interview) == []


def test_who_leaves_midway_is_invited_to_record_again(house: House) -> None:
    interview = invited(house)
    move(house, interview, InterviewState.OPENED, InterviewState.IN_PROGRESS)
    pass_time(house, 30)
    assert reminders(house) == ["invitation_re_record"]
    assert flags(house, interview) == ["needs_re_record"]


def test_each_verdict_asks_once(house: House) -> None:
    interview = invited(house)
    move(house, interview, InterviewState.OPENED, InterviewState.IN_PROGRESS)
    for _ in range(2):
        move(house, interview, InterviewState.SUBMITTED, InterviewState.RE_RECORD)
        with house.app.changes() as tx:
            tx.process_log.append(interview, EventType.INTERVIEW_RE_RECORD)
        pass_time(house, 18)
    assert reminders(house) == ["invitation_re_record"] * 2


@pytest.mark.parametrize("hour", [23, 3])
def test_nothing_is_sent_at_night(house: House, hour: int) -> None:
    """The rule comes true at night: the mail comes at eight in the morning."""
    zone = ZoneInfo("Asia/Shanghai")
    house.clock.now = (
        house.clock.now.astimezone(zone).replace(hour=hour).astimezone(house.clock.now.tzinfo)
    )
    invited(house)
    assert pass_time(house, 36) == [MORNING.hour]
    assert reminders(house) == ["reminder_guidance"]


def test_a_relay_that_is_back_at_night_gets_reminders_in_the_morning(house: House) -> None:
    invited(house)
    house.clock.turn(hours=28)  # 20:00 in Shanghai
    house.sink.down()
    house.sweep()
    house.sink.up()
    assert pass_time(house, 16) == [MORNING.hour]
    assert reminders(house) == ["reminder_guidance"]


def test_two_schedulers_and_a_restart_remind_once(house: House) -> None:
    interview = invited(house)
    house.clock.turn(hours=26)

    apps = [fresh_app() for _ in range(3)]
    for app in apps:
        app.clock = house.clock
    schedulers = [FunctionClient(app) for app in apps]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda scheduler: scheduler.tick("sweep"), schedulers[:2]))
    schedulers[2].tick("sweep")  # again, after a restart
    assert reminders(house) == ["reminder_guidance"]
    assert steps(house, interview).count("reminder.sent") == 1


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_reminder_is_written_in_both_languages_and_quotes_names_safely(
    house: House, locale: str
) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}\r\nBcc: x@example.com"
    batch = house.invite(1, locale=locale)
    house.work_off(batch)
    with house.database.begin() as tx:
        (row,) = tx.interviews.find(batch=batch)
    for message in SUBJECTS.values():
        row = replace(row, candidate_name=hostile)
        letter = Letters(house_of(house.app.settings)).write(
            message, row, number=1, now=house.clock()
        )
        mail = message_from_bytes(letter.content, policy=policy.default)
        assert mail["Bcc"] is None
        text = mail.get_body(("plain",)).get_content()
        html = mail.get_body(("html",)).get_content()
        assert "/i/" in text
        assert "/i/" in html
        assert "<script>" not in html
        assert "&lt;script&gt;" in html
        assert "49" not in mail["Subject"]


def test_a_candidate_elsewhere_is_written_to_by_their_own_day(house: House) -> None:
    interview = invited(house)
    with house.database.begin() as tx:
        known = tx.candidates.find(limit=1)[0]
        tx.candidates.save(known.model_copy(update={"time_zone": "America/Los_Angeles"}))
    came = []
    for _ in range(24 * 4):
        before = len(house.sink.messages())
        house.clock.turn(hours=1)
        house.sweep()
        if len(house.sink.messages()) > before:
            came.append(house.clock().astimezone(ZoneInfo("America/Los_Angeles")).hour)
    assert reminders(house) == ["reminder_guidance", "reminder_deadline", "deadline_missed"]
    assert all(MORNING.hour <= hour < EVENING.hour for hour in came)
    body = house.sink.messages()[-1].get_body(("plain",))
    assert body is not None and "UTC-0" in body.get_content(), "the deadline in their zone"
    assert flags(house, interview) == ["needs_follow_up"]
