"""One action on many interviews at once: how many, what was done to each, what was refused, and never twice."""

from __future__ import annotations

import html
import itertools
import re
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from functions.console import bulk
from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from tests.console_visitors import SignedIn, signed_in
from tests.dying import killed_after
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, invite, set_up

NAMES = ["李明", "王芳", "赵敏"]
SUBMITTED = (InterviewState.OPENED, InterviewState.IN_PROGRESS, InterviewState.SUBMITTED)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(app, clock)
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


@pytest.fixture
def ids(client: FunctionClient, database: Database) -> list[str]:
    return invite(database, NAMES)


def ticked(ids: list[str]) -> dict[str, str]:
    return {f"tick-{interview}": "on" for interview in ids}


def fields(page: Answer) -> dict[str, str]:
    """The hidden fields of the confirmation's form."""
    form = page.text[page.text.index('action="/console/bulk/run"') :]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def confirm(client: FunctionClient, hr: SignedIn, **form: str) -> Answer:
    return client.form("/console/bulk", hr.form(scope="ticked", **form), cookie=hr.cookie)


def run(client: FunctionClient, hr: SignedIn, form: dict[str, str]) -> Answer:
    return client.form("/console/bulk/run", urlencode(form), cookie=hr.cookie)


def results(page: Answer) -> dict[str, str]:
    """By name: done, unchanged, or the code of the refusal."""
    assert page.status == 200
    words = {"已执行": "done", "无需更改": "unchanged"}
    rows = re.findall(
        r'<a href="/console/interviews/itv_[^"]*">([^<]*)</a>.*?class="badge [^>]*>([^<]*)<(.*?)</td>',
        page.text,
        re.DOTALL,
    )
    return {
        name: words.get(result) or re.findall(r"<code[^>]*>(\w+)<", rest)[0]
        for name, result, rest in rows
    }


def log(database: Database, interview: str) -> list[str]:
    with database.begin() as tx:
        return [row.type for row in tx.process_log.list(interview)]


def test_a_reminder_for_those_ticked_says_what_became_of_each_and_is_sent_once(
    client: FunctionClient, hr: SignedIn, ids: list[str], database: Database
) -> None:
    with database.begin() as tx:
        tx.interviews.move(ids[1], InterviewState.CANCELLED)
    page = confirm(client, hr, action="remind", **ticked(ids[:2]))
    assert "将涉及 2 场面试" in page.text
    assert "赵敏" not in page.text
    assert log(database, ids[0]) == [], "nothing is done before it is confirmed"
    form = {**fields(page), "reason": "周五截止"}
    expected = {"李明": "done", "王芳": "interview_closed"}
    assert results(run(client, hr, form)) == expected
    assert results(run(client, hr, form)) == expected, "the same form again has the same answer"
    assert [log(database, one) for one in ids] == [["reminder.requested"], [], []]
    with database.begin() as tx:
        assert len(tx.mails.claim(10, "w", 60)) == 1
        acts = [entry.act for entry in tx.audit.find()]
    assert [(act.action, act.actor.id, act.subject_id) for act in acts] == [
        ("interview.reminded", hr.user, ids[0]),
        ("interviews.seen", hr.user, ""),
    ]
    changed = run(client, hr, {**form, "reason": "另一个理由"})
    assert (changed.status, "idempotency_key_reused" in changed.text) == (409, True)


def test_all_that_match_are_those_that_were_counted(
    client: FunctionClient, hr: SignedIn, ids: list[str], clock: SettableClock, database: Database
) -> None:
    form = hr.form(action="extend", scope="all", query="state=created&limit=1")
    page = client.form("/console/bulk", form, cookie=hr.cookie)
    assert "将涉及 3 场面试" in page.text
    invite(database, [*NAMES, "周杰"])
    local = (clock.now + timedelta(days=9)).astimezone(ZoneInfo("Asia/Shanghai"))
    wanted = {**fields(page), "deadline": f"{local:%Y-%m-%dT%H:%M}"}
    assert results(run(client, hr, wanted)) == dict.fromkeys(NAMES, "done")
    with database.begin() as tx:
        moved = {row.candidate_name: row.deadline for row in tx.interviews.find()}
    minute = local.replace(second=0, microsecond=0)
    assert [moved[name] == minute for name in [*NAMES, "周杰"]] == [True, True, True, False]
    missing = run(client, hr, {**fields(page), "deadline": "soon"})
    assert (missing.status, "deadline_missing" in missing.text) == (422, True)
    assert fields(missing) == fields(page), "the form comes back as it was"


def test_a_rejection_needs_a_persons_evaluation_of_each(
    client: FunctionClient, hr: SignedIn, ids: list[str], database: Database
) -> None:
    with database.begin() as tx:
        for interview in ids[:2]:
            for answer in tx.interviews.answers(interview):
                ref = AttemptRef(
                    interview,
                    answer.answer_id,
                    tx.interviews.start_attempt(interview, answer.answer_id).attempt,
                )
                tx.interviews.seal_attempt(ref, "a" * 64)
                for state in (AnswerState.ASSEMBLED, AnswerState.CHECKED, AnswerState.ANALYSED):
                    assert tx.interviews.move_answer(ref, state)
            for step in SUBMITTED:
                tx.interviews.move(interview, step)
        tx.evaluations.submit(ids[0], hr.user, Evaluation())
    page = confirm(client, hr, action="decide", **ticked(ids))
    assert "须有人提交评估" in page.text
    form = {**fields(page), "outcome": "reject"}
    lacking = run(client, hr, form)
    assert (lacking.status, "invalid_document" in lacking.text) == (422, True)
    decided = {**fields(lacking), "outcome": "reject", "reason": "经验不足", "tell": "yes"}
    assert results(run(client, hr, decided)) == {
        "李明": "done",
        "王芳": "human_review_needed",
        "赵敏": "interview_not_decidable",
    }
    with database.begin() as tx:
        assert [len(tx.decisions.all(one)) for one in ids] == [1, 0, 0]
        assert tx.decisions.all(ids[0])[0].decided_by == hr.user


def test_one_question_is_asked_again_where_it_was_answered(
    client: FunctionClient, hr: SignedIn, ids: list[str], database: Database
) -> None:
    with database.begin() as tx:
        attempt = tx.interviews.start_attempt(ids[0], "coordination").attempt
        ref = AttemptRef(ids[0], "coordination", attempt)
        tx.interviews.seal_attempt(ref, "a" * 64)
        tx.interviews.move_answer(ref, AnswerState.ASSEMBLED)
        for interview in ids[:2]:
            tx.interviews.move(interview, InterviewState.OPENED)
            tx.interviews.move(interview, InterviewState.IN_PROGRESS)
    page = confirm(client, hr, action="re_record", **ticked(ids[:2]))
    form = {**fields(page), "question": "coordination", "reason": "声音断续"}
    assert results(run(client, hr, form)) == {"李明": "done", "王芳": "answer_not_given"}
    with database.begin() as tx:
        assert tx.interviews.answer(ids[0], "coordination").state == AnswerState.RE_RECORD


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"action": "remind"}, "nothing_ticked"),
        ({"action": "remind", "tick-itv_nobody": "on"}, "nothing_ticked"),
        ({"action": "erase", "tick-itv_nobody": "on"}, "unknown_action"),
        ({"action": "remind", "scope": "all", "query": "stat=created"}, "invalid_query"),
    ],
)
def test_what_cannot_be_done_is_said(
    client: FunctionClient, hr: SignedIn, ids: list[str], form: dict[str, str], code: str
) -> None:
    answer = client.form("/console/bulk", hr.form(**form), cookie=hr.cookie)
    assert (answer.status, code in answer.text) == (422, True)


def test_the_bound(
    client: FunctionClient, hr: SignedIn, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    everyone = hr.form(action="remind", scope="all", query="")
    assert "too_many_rows" in client.form("/console/bulk", everyone, cookie=hr.cookie).text
    assert "too_many_rows" in confirm(client, hr, action="remind", **ticked(ids)).text
    assert confirm(client, hr, action="remind", **ticked(ids[:2])).status == 200


def test_a_page_of_two_hundred_can_be_ticked_whole(client: FunctionClient, hr: SignedIn) -> None:
    boxes = {f"tick-itv_{number}": "on" for number in range(200)}
    answer = confirm(client, hr, action="remind", **boxes)
    assert "nothing_ticked" in answer.text, "read, and found to be nobody's"


def test_killed_anywhere_and_sent_again_nobody_is_reminded_twice(
    client: FunctionClient, hr: SignedIn, database: Database, clock: SettableClock
) -> None:
    for commits in itertools.count(1):
        names = [f"{name}{commits}" for name in NAMES]
        ids = invite(database, names)
        form = fields(confirm(client, hr, action="remind", **ticked(ids)))
        killed = killed_after(commits, app, lambda form=form: run(client, hr, form))
        clock.advance(timedelta(seconds=61))  # a key that nobody finished is free again
        assert results(run(client, hr, form)) == dict.fromkeys(names, "done")
        assert [log(database, one) for one in ids] == [["reminder.requested"]] * len(ids)
        if not killed:
            break
    assert commits > len(NAMES)
