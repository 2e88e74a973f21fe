"""What HR does to one interview over the API: each action once, in the process log, and only where it makes sense."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.domain.events import EventType
from greenroom.domain.interview import INVITATION, AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def interview(platform: None, database: Database, clock: SettableClock) -> str:
    set_up(console, clock)
    (interview,) = invite(database)
    return interview


@pytest.fixture
def hr(interview: str, database: Database) -> FunctionClient:
    key = api_key(database, "interviews:write", "interviews:read")
    return FunctionClient(console, authorization=f"Bearer {key}")


def steps(database: Database, interview: str) -> list[str]:
    with database.begin() as tx:
        return [row.type for row in tx.process_log.list(interview)]


def put_in(database: Database, interview: str, *states: InterviewState) -> None:
    with database.begin() as tx:
        for state in states:
            assert tx.interviews.move(interview, state)


def given(database: Database, interview: str, answer: str, *states: AnswerState) -> AttemptRef:
    """An answer with one sealed attempt, worked off up to the last of `states`."""
    with database.begin() as tx:
        ref = AttemptRef(interview, answer, tx.interviews.start_attempt(interview, answer).attempt)
        tx.interviews.seal_attempt(ref, "a" * 64)
        for state in states:
            assert tx.interviews.move_answer(ref, state)
    return ref


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


def test_cancelling_twice_is_one_step_and_nothing_is_sent_any_more(
    database: Database, interview: str, hr: FunctionClient
) -> None:
    assert hr.post(f"/v1/interviews/{interview}/remind", {}).status == 200
    path = f"/v1/interviews/{interview}/cancel"
    for _ in range(2):
        answer = hr.post(path, {"reason": "职位取消"})
        assert (answer.status, answer.json()["state"]) == (200, "cancelled")
        assert answer.json()["ehr_status"] == "已取消"
    with database.begin() as tx:
        log = tx.process_log.list(interview)
        assert tx.mails.claim(10, "w", 60) == []
    assert [row.type for row in log] == ["reminder.requested", "interview.cancelled"]
    assert log[-1].event.data.details["reason"] == "职位取消"
    assert refused(hr.post(f"/v1/interviews/{interview}/remind", {})) == (409, "interview_closed")


def test_what_was_submitted_is_not_cancelled(
    database: Database, interview: str, hr: FunctionClient
) -> None:
    states = InterviewState
    put_in(database, interview, states.OPENED, states.IN_PROGRESS, states.SUBMITTED)
    for action in ("cancel", "remind"):
        assert refused(hr.post(f"/v1/interviews/{interview}/{action}", {})) == (
            409,
            "interview_closed",
        )
    assert steps(database, interview) == []


def test_a_reminder_waits_for_the_one_before_to_be_sent(
    database: Database, interview: str, hr: FunctionClient
) -> None:
    path = f"/v1/interviews/{interview}/remind"
    for _ in range(3):
        assert hr.post(path, {}).status == 200
    assert steps(database, interview) == [EventType.REMINDER_REQUESTED]
    with database.begin() as tx:
        [mail] = tx.mails.claim(10, "w", 60)
        assert mail.key == (interview, INVITATION, 1)
        tx.mails.sent([mail.key])
    first = hr.request("POST", path, headers={"idempotency-key": "once"})
    with database.begin() as tx:
        [mail] = tx.mails.claim(10, "w", 60)
        assert mail.number == 2
        tx.mails.sent([mail.key])
    again = hr.request("POST", path, headers={"idempotency-key": "once"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    with database.begin() as tx:
        assert tx.mails.claim(10, "w", 60) == [], "the key was seen before: no third mail"


def test_a_reminder_after_the_deadline_makes_no_sense(
    interview: str, hr: FunctionClient, clock: SettableClock
) -> None:
    clock.advance(timedelta(days=4))
    assert refused(hr.post(f"/v1/interviews/{interview}/remind", {})) == (409, "deadline_passed")


def test_a_deadline_moves_only_later_and_tells_the_candidate(
    database: Database, interview: str, hr: FunctionClient
) -> None:
    path = f"/v1/interviews/{interview}/deadline"
    before = datetime.fromisoformat(hr.get(f"/v1/interviews/{interview}").json()["deadline"])
    later = (before + timedelta(days=2)).isoformat()
    for _ in range(2):
        assert hr.put(path, {"deadline": later}).json()["deadline"] == later
    assert steps(database, interview) == [EventType.DEADLINE_EXTENDED]
    with database.begin() as tx:
        assert len(tx.mails.claim(10, "w", 60)) == 1
    assert refused(hr.put(path, {"deadline": before.isoformat()})) == (422, "deadline_not_later")
    assert refused(hr.put(path, {"deadline": "tomorrow"})) == (422, "invalid_document")
    put_in(database, interview, InterviewState.CANCELLED)
    far = (before + timedelta(days=9)).isoformat()
    assert refused(hr.put(path, {"deadline": far})) == (409, "interview_closed")


@pytest.mark.parametrize("worked_off", [1, 2, 3])
def test_one_answer_is_asked_again_and_only_that_one(
    database: Database, interview: str, hr: FunctionClient, worked_off: int
) -> None:
    done = [AnswerState.ASSEMBLED, AnswerState.CHECKED, AnswerState.ANALYSED]
    given(database, interview, "coordination", *done[:worked_off])
    given(database, interview, "sheet", *done)
    states = InterviewState
    put_in(database, interview, states.OPENED, states.IN_PROGRESS, states.SUBMITTED)
    path = f"/v1/interviews/{interview}/answers/coordination/re-record"
    for _ in range(2):
        answer = hr.post(path, {"reason": "声音听不清"})
        assert (answer.status, answer.json()["state"]) == (200, "re_record")
        assert answer.json()["flags"] == ["needs_re_record"]
    assert steps(database, interview) == ["answer.re_record", "interview.re_record"]
    with database.begin() as tx:
        answers = {row.answer_id: row.state for row in tx.interviews.answers(interview)}
    assert answers == {"coordination": "re_record", "sheet": "analysed"}


def test_what_was_not_given_cannot_be_asked_again(
    database: Database, interview: str, hr: FunctionClient, clock: SettableClock
) -> None:
    path = f"/v1/interviews/{interview}/answers/{{}}/re-record"
    assert refused(hr.post(path.format("sheet"), {})) == (409, "interview_closed")
    put_in(database, interview, InterviewState.OPENED, InterviewState.IN_PROGRESS)
    assert refused(hr.post(path.format("sheet"), {})) == (409, "answer_not_given")
    assert refused(hr.post(path.format("other"), {})) == (404, "unknown_answer")
    given(database, interview, "sheet")
    assert refused(hr.post(path.format("sheet"), {})) == (409, "answer_in_work")
    clock.advance(timedelta(days=4))
    assert refused(hr.post(path.format("sheet"), {})) == (409, "deadline_passed")
    assert steps(database, interview) == []


@pytest.mark.parametrize("action", ["cancel", "remind", "answers/sheet/re-record"])
def test_actions_need_their_scope_and_an_interview(
    database: Database, interview: str, hr: FunctionClient, action: str
) -> None:
    reader = FunctionClient(console, authorization=f"Bearer {api_key(database, 'interviews:read')}")
    assert refused(reader.post(f"/v1/interviews/{interview}/{action}", {})) == (
        403,
        "scope_missing",
    )
    none = f"/v1/interviews/itv_{'z' * 20}/{action}"
    assert refused(hr.post(none, {})) == (404, "unknown_interview")
    wrong = hr.post(f"/v1/interviews/{interview}/{action}", {"reason": "two\nlines"})
    assert refused(wrong) == (422, "invalid_document")
