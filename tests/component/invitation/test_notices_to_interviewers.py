"""Interviewers hear by mail what is theirs and when it can be evaluated: by day, once, and only while it is theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.analysis.score import _record
from functions.console.app import app as console
from greenroom.domain.interview import InterviewState
from tests.function_client import FunctionClient
from tests.invitation_fixtures import House
from tests.seeded import api_key, set_up

WU, ZHAO = "wu.jun@example.com", "zhao@example.com"


@pytest.fixture
def interview(house: House) -> str:
    batch = house.invite(1, deadline=(house.clock() + timedelta(days=30)).isoformat())
    house.work_off(batch)
    house.sink.mails.clear()
    set_up(console, house.clock)
    with house.database.begin() as tx:
        (row,) = tx.interviews.find(batch=batch)
    return row.id


def assign(house: House, interview: str, *addresses: str) -> None:
    hr = FunctionClient(
        console, authorization=f"Bearer {api_key(house.database, 'interviews:write')}"
    )
    answer = hr.put(f"/v1/interviews/{interview}/interviewers", {"interviewers": list(addresses)})
    assert answer.status == 200, answer.text


def hand_in(house: House, interview: str) -> None:
    """The candidate is done, and declined to be scored by software."""
    with house.app.changes() as tx:
        for state in (InterviewState.OPENED, InterviewState.IN_PROGRESS, InterviewState.SUBMITTED):
            assert tx.interviews.move(interview, state)
    for _ in range(2):  # a message that comes twice
        with house.app.changes() as tx:
            row = tx.interviews.get(interview)
            _record(tx, row, tx.interviews.answers(interview), None, None)


def told(house: House) -> list[tuple[str, str]]:
    """Who got which mail."""
    mails = house.sink.messages()
    return sorted(
        (mail["To"].addresses[0].addr_spec, mail["Subject"].rpartition("：")[2]) for mail in mails
    )


def test_assigned_then_ready_each_once(house: House, interview: str) -> None:
    assign(house, interview, "Wu.Jun@example.com")
    assign(house, interview, WU, ZHAO)
    house.sweep()
    house.sweep()
    assigned = "请评阅零售店长岗位的一场视频面试"
    assert told(house) == [(WU, assigned), (ZHAO, assigned)]
    mail = house.sink.messages()[0]
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"https://interview.example.com/console/interviews/{interview}/desk" in text
    assert "候选人0" in text and "c0@example.com" not in mail.as_string()
    house.sink.mails.clear()
    hand_in(house, interview)
    house.sweep()
    ready = "零售店长岗位的视频面试可以评阅了"
    assert told(house) == [(WU, ready), (ZHAO, ready)]
    with house.database.begin() as tx:
        sent = [row for row in tx.process_log.list(interview) if row.type == "notice.sent"]
        flags = tx.interviews.get(interview).flags
    assert len(sent) == 4 and flags == []


def test_who_is_assigned_to_what_is_ready_is_told_that(house: House, interview: str) -> None:
    hand_in(house, interview)
    assign(house, interview, WU)
    house.sweep()
    assert told(house) == [(WU, "零售店长岗位的视频面试可以评阅了")]


def test_nobody_is_told_at_night_or_of_what_is_no_longer_theirs(
    house: House, interview: str
) -> None:
    house.clock.turn(hours=8)  # midnight in Shanghai
    assign(house, interview, WU, ZHAO)
    house.sweep()
    assert told(house) == []
    assign(house, interview, ZHAO)
    house.clock.turn(hours=10)
    house.sweep()
    assert [address for address, _ in told(house)] == [ZHAO]


def test_an_interviewer_whose_mailbox_is_gone_is_no_matter_of_the_candidate(
    house: House, interview: str
) -> None:
    house.sink.answers[WU] = "550 5.1.1 no such mailbox"
    assign(house, interview, WU)
    house.sweep()
    with house.database.begin() as tx:
        assert tx.interviews.get(interview).flags == []
        failed = tx.process_log.list(interview)[-1].event
    assert (failed.type, failed.data.details["message"]) == (
        "invitation.failed",
        "interviewer_assigned",
    )
