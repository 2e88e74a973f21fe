"""Decisions: by people, with a reason, in the process log; no refusal that nobody has looked at."""

from __future__ import annotations

import pytest

from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.interview import InterviewState
from greenroom.domain.policy import shipped_policy
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.recorded import record
from tests.seeded import api_key, invite, set_up

REJECT = {"outcome": "reject", "reason": "经验与岗位要求差距较大"}
HIRE = {"outcome": "hire", "reason": "各项能力均优"}


@pytest.fixture
def interview(platform: None, database: Database, store: ObjectStore) -> str:
    set_up(console)
    (interview,) = invite(database)
    record(interview, database, store)
    return interview


@pytest.fixture
def hr(interview: str, database: Database) -> FunctionClient:
    key = api_key(database, "interviews:write", "interviews:read")
    return FunctionClient(console, authorization=f"Bearer {key}")


def evaluated(database: Database, interview: str) -> None:
    with database.begin() as tx:
        tx.evaluations.submit(interview, "usr_somebody", Evaluation())


def log(database: Database, interview: str) -> list[dict[str, object]]:
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    return [row.event.data.details for row in rows if row.type == "interview.decided"]


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


def test_a_decision_is_logged_once_and_may_be_changed_with_another_reason(
    hr: FunctionClient, database: Database, interview: str
) -> None:
    path = f"/v1/interviews/{interview}/decision"
    evaluated(database, interview)
    for _ in range(2):
        answer = hr.post(path, REJECT)
        assert (answer.status, answer.json()["state"]) == (200, "decided")
    answer = hr.post(path, HIRE)
    assert [item["outcome"] for item in answer.json()["decisions"]] == ["reject", "hire"]
    first, second = log(database, interview)
    assert (first["outcome"], first["reviews"], "former" in first) == ("reject", 1, False)
    assert (second["outcome"], second["former"]) == ("hire", "reject")
    read = hr.get(f"/v1/interviews/{interview}").json()
    assert read["decisions"] == answer.json()["decisions"]
    assert read["decisions"][1]["reason"] == HIRE["reason"]


def test_nobody_is_refused_before_a_person_has_evaluated(
    hr: FunctionClient, database: Database, interview: str
) -> None:
    path = f"/v1/interviews/{interview}/decision"
    with database.begin() as tx:
        tx.evaluations.keep_draft(interview, "usr_somebody", Evaluation())
    assert refused(hr.post(path, REJECT)) == (409, "human_review_needed"), "a draft is no review"
    assert hr.get(f"/v1/interviews/{interview}").json()["state"] == "scored"
    evaluated(database, interview)
    assert hr.post(path, REJECT).status == 200


def test_a_policy_may_leave_refusals_to_hr_alone(
    platform: None, database: Database, store: ObjectStore
) -> None:
    set_up(console)
    free = shipped_policy("cn").model_copy(update={"id": "own", "human_review": False})
    (interview,) = invite(database, policy=free)
    record(interview, database, store)
    hr = FunctionClient(console, authorization=f"Bearer {api_key(database, 'interviews:write')}")
    assert hr.post(f"/v1/interviews/{interview}/decision", REJECT).status == 200


def test_an_interview_in_work_is_not_decided(platform: None, database: Database) -> None:
    set_up(console)
    (interview,) = invite(database)
    hr = FunctionClient(console, authorization=f"Bearer {api_key(database, 'interviews:write')}")
    path = f"/v1/interviews/{interview}/decision"
    assert refused(hr.post(path, HIRE)) == (409, "interview_not_decidable")
    with database.begin() as tx:
        for state in ("opened", "in_progress", "submitted"):
            assert tx.interviews.move(interview, InterviewState(state))
    assert refused(hr.post(path, HIRE)) == (409, "interview_not_decidable"), "answers are in work"
    with database.begin() as tx:
        tx.interviews.skip_answers(
            interview, [row.answer_id for row in tx.interviews.answers(interview)]
        )
    assert hr.post(path, HIRE).json()["state"] == "decided", "people need no score"


@pytest.mark.parametrize(
    "body", [{}, {"outcome": "hire"}, HIRE | {"reason": " "}, HIRE | {"outcome": "maybe"}]
)
def test_a_decision_without_its_reason_is_refused(
    hr: FunctionClient, interview: str, body: dict[str, str]
) -> None:
    answer = hr.post(f"/v1/interviews/{interview}/decision", body)
    assert refused(answer) == (422, "invalid_document")


def test_at_the_desk_hr_decides_and_others_read(database: Database, interview: str) -> None:
    visitor = signed_in(database)
    desk = FunctionClient(console, cookie=visitor.cookie)
    path = f"/console/interviews/{interview}/decision"
    answer = desk.form(path, visitor.form(**REJECT))
    assert answer.status == 409 and "human_review_needed" in answer.text
    answer = desk.form(path, visitor.form(outcome="hire", reason="<b>gut</b>"))
    assert answer.status == 303
    page = desk.get(f"/console/interviews/{interview}/desk?lang=en").text
    assert "&lt;b&gt;gut&lt;/b&gt;" in page and "Decide anew" in page
    auditor = signed_in(database, Role.AUDITOR, email="auditor@example.com")
    reader = FunctionClient(console, cookie=auditor.cookie)
    page = reader.get(f"/console/interviews/{interview}/desk?lang=en").text
    assert "&lt;b&gt;gut&lt;/b&gt;" in page and "Save decision" not in page
    assert reader.form(path, auditor.form(**HIRE)).status == 403
