"""What candidates are told afterwards: that everything has arrived, and what was decided; once, and only what holds."""

from datetime import timedelta
from email.message import EmailMessage

import pytest

from functions.console.app import app as console
from greenroom.domain.decision import OUTCOMES
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.interview import InterviewState
from greenroom.domain.message import RECEIVED, result_of
from tests.function_client import FunctionClient
from tests.invitation_fixtures import House
from tests.seeded import api_key, set_up

WAY = (InterviewState.OPENED, InterviewState.IN_PROGRESS, InterviewState.SUBMITTED)
SUBJECTS = {
    "result_hire": "录用意向",
    "result_advance": "进入下一轮",
    "result_reject": "关于您的",
}


def handed_in(house: House, **head: str) -> str:
    batch = house.invite(1, deadline=(house.clock() + timedelta(days=3)).isoformat(), **head)
    house.work_off(batch)
    house.sink.mails.clear()
    with house.app.changes() as tx:
        (row,) = tx.interviews.find(batch=batch)
        for state in WAY:
            assert tx.interviews.move(row.id, state)
        assert tx.mails.queue_next(row.id, RECEIVED)
    return row.id


def decide(house: House, interview: str, outcome: str, *, tell: bool = True) -> None:
    """As HR does it over the API, on the same database."""
    with house.database.begin() as tx:
        answers = [row.answer_id for row in tx.interviews.answers(interview)]
        tx.interviews.skip_answers(interview, answers)
        tx.evaluations.submit(interview, "usr_somebody", Evaluation())
    set_up(console, house.clock)
    key = api_key(house.database, "interviews:write")
    hr = FunctionClient(console, authorization=f"Bearer {key}")
    decision = {"outcome": outcome, "reason": "reason", "tell": tell}
    answer = hr.post(f"/v1/interviews/{interview}/decision", decision)
    assert answer.status == 200, answer.text


def a_day(house: House) -> None:
    for _ in range(24):
        house.clock.turn(hours=1)
        house.sweep()


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return body.get_content()


def sent(house: House, interview: str) -> list[str]:
    with house.database.begin() as tx:
        log = tx.process_log.list(interview)
    return [row.event.data.details["message"] for row in log if row.type == "notice.sent"]


def test_who_hands_in_at_night_is_told_at_once_that_all_has_arrived(house: House) -> None:
    interview = handed_in(house)
    house.clock.turn(hours=(26 - house.clock().astimezone().hour) % 24)
    for _ in range(2):
        house.sweep()
    (mail,) = house.sink.messages()
    assert "已收到" in str(mail["Subject"])
    assert "全部回答均已收到" in text(mail) and "/i/" in text(mail)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert sent(house, interview) == [RECEIVED]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_decision_is_told_by_day(house: House, outcome: str) -> None:
    interview = handed_in(house)
    house.sweep()
    house.clock.turn(days=40)
    decide(house, interview, outcome)
    a_day(house)
    _, result = house.sink.messages()
    assert SUBJECTS[result_of(outcome)] in str(result["Subject"])  # type: ignore[arg-type]
    assert sent(house, interview) == [RECEIVED, result_of(outcome)]  # type: ignore[arg-type]


def test_a_decision_that_was_changed_is_never_told_whatever_is_sent_again(house: House) -> None:
    interview = handed_in(house)
    began = house.clock()
    decide(house, interview, "reject")
    decide(house, interview, "hire")
    a_day(house)
    assert sorted(sent(house, interview)) == [RECEIVED, "result_hire"], (
        "the receipt is told all the same"
    )
    with house.database.begin() as tx:
        assert tx.mails.resend_window(began - timedelta(days=1), house.clock()) == 1
    a_day(house)
    assert sorted(sent(house, interview)) == [RECEIVED, "result_hire"]


def test_who_is_not_to_be_told_is_not(house: House) -> None:
    interview = handed_in(house)
    decide(house, interview, "reject")
    decide(house, interview, "reject", tell=False)
    a_day(house)
    assert sent(house, interview) == [RECEIVED]


def test_nobody_is_told_that_all_has_arrived_when_an_answer_is_asked_again(house: House) -> None:
    interview = handed_in(house)
    with house.app.changes() as tx:
        assert tx.interviews.move(interview, InterviewState.RE_RECORD)
    house.sweep()
    assert sent(house, interview) == []


def test_who_was_invited_is_told_that_it_is_cancelled_once_and_by_day(house: House) -> None:
    batch = house.invite(2, deadline=(house.clock() + timedelta(days=3)).isoformat())
    house.sink.answers["c1@example.com"] = "450 4.2.0 greylisted"
    house.work_off(batch)
    house.sink.mails.clear()
    house.clock.turn(hours=8)  # midnight in Shanghai
    set_up(console, house.clock)
    hr = FunctionClient(
        console, authorization=f"Bearer {api_key(house.database, 'interviews:write')}"
    )
    with house.database.begin() as tx:
        interviews = [row.id for row in tx.interviews.find(batch=batch)]
    for interview in (*interviews, *interviews):
        assert hr.post(f"/v1/interviews/{interview}/cancel", {}).status == 200
    house.sink.answers.clear()
    house.sweep()
    assert house.sink.mails == []
    a_day(house)
    (mail,) = house.sink.messages()
    assert mail["To"].addresses[0].addr_spec == "c0@example.com", "the other was never invited"
    assert "已取消" in mail["Subject"]
    (entry,) = mail.iter_attachments()
    assert entry["Content-Type"].params["method"] == "CANCEL"
    assert house.logs(batch)["c0"][-1] == "notice.sent"
