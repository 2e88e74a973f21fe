"""A hire's gaps reach the training and performance systems, with the candidate's consent and only while it holds."""

from __future__ import annotations

import pytest

from functions.console.app import app as console
from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.consent import Consents
from greenroom.domain.evaluations import Evaluation, Rating
from greenroom.domain.policy import shipped_policy
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import TEMPLATE, api_key, candidate_token, invite, set_up

AGREED = Consents(recording=True, ai_scoring=True, development=True)
HIRE = {"outcome": "hire", "reason": "符合岗位要求", "tell": False}
DOCUMENTS = ("development-plan", "improvement-goals")


@pytest.fixture
def interview(platform: None, database: Database, store: ObjectStore) -> str:
    set_up(console)
    set_up(portal)
    (interview,) = invite(database, template=TEMPLATE.model_copy(update={"development": True}))
    record(interview, database, store)
    with database.begin() as tx:
        tx.interviews.give_consents(interview, AGREED)
        tx.evaluations.submit(
            interview, "usr_somebody", Evaluation(ratings=[Rating(competency="service", points=4)])
        )
    return interview


@pytest.fixture
def ehr(interview: str, database: Database) -> FunctionClient:
    key = api_key(database, "interviews:write", "interviews:read")
    return FunctionClient(console, authorization=f"Bearer {key}")


def told(database: Database, interview: str) -> list[tuple[str, dict[str, object]]]:
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    return [
        (row.type, row.event.data.details) for row in rows if row.type.startswith("development.")
    ]


def refusals(ehr: FunctionClient, interview: str) -> set[tuple[int, str]]:
    answers = [ehr.get(f"/v1/interviews/{interview}/{name}") for name in DOCUMENTS]
    return {(answer.status, answer.json()["code"]) for answer in answers}


def test_a_hire_brings_a_plan_and_goals_and_another_decision_ends_them(
    ehr: FunctionClient, database: Database, interview: str
) -> None:
    path = f"/v1/interviews/{interview}"
    assert refusals(ehr, interview) == {(409, "not_hired")}
    assert ehr.post(f"{path}/decision", HIRE).status == 200
    with database.begin() as tx:
        event = tx.process_log.list(interview)[-1].event
    assert event.type == "development.ready"
    plan = ehr.get(event.data.links["development_plan"]).json()
    assert (plan["candidate"], plan["competency_model"]) == ("c-李明", "store-manager")
    area = next(item for item in plan["areas"] if item["competency"] == "service")
    assert (area["level"], area["target"], area["basis"]) == (40, 70, "reviewers")
    goals = ehr.get(event.data.links["improvement_goals"]).json()["goals"]
    assert [goal["competency"] for goal in goals] == [item["competency"] for item in plan["areas"]]
    (goal,) = [item for item in goals if item["competency"] == "service"]
    assert (goal["baseline"], goal["measured_by"]) == (40, [{"zh-CN": "同理心", "en": "Empathy"}])

    other = {"outcome": "advance", "reason": "需再面试一轮", "tell": False}
    assert ehr.post(f"{path}/decision", other).status == 200
    assert refusals(ehr, interview) == {(409, "not_hired")}
    assert told(database, interview) == [
        ("development.ready", {}),
        ("development.withdrawn", {"reason": "not_hired"}),
    ]


def test_a_candidate_who_takes_the_consent_back_ends_it(
    ehr: FunctionClient, database: Database, interview: str
) -> None:
    ehr.post(f"/v1/interviews/{interview}/decision", HIRE)
    candidate = FunctionClient(portal, authorization=f"Bearer {candidate_token(interview)}")
    left = AGREED.model_copy(update={"development": False}).model_dump()
    for _ in range(2):
        assert candidate.put("/v1/candidate/consents", left).status == 200
    assert told(database, interview)[1:] == [
        ("development.withdrawn", {"reason": "consent_withdrawn"})
    ]
    assert refusals(ehr, interview) == {(409, "development_not_agreed")}


def test_without_consent_nobody_is_told(
    ehr: FunctionClient, database: Database, interview: str
) -> None:
    with database.begin() as tx:
        tx.interviews.give_consents(interview, Consents(recording=True))
    ehr.post(f"/v1/interviews/{interview}/decision", HIRE)
    assert told(database, interview) == []
    assert refusals(ehr, interview) == {(409, "development_not_agreed")}


@pytest.mark.parametrize(
    ("wanted", "policy", "asked"),
    [(True, "cn", True), (False, "cn", False), (True, "eu", False)],
)
def test_it_is_asked_where_the_template_wants_it_and_the_policy_lets_it(
    platform: None, database: Database, *, wanted: bool, policy: str, asked: bool
) -> None:
    set_up(portal)
    template = TEMPLATE.model_copy(update={"development": wanted})
    (interview,) = invite(database, template=template, policy=shipped_policy(policy))
    candidate = FunctionClient(portal, authorization=f"Bearer {candidate_token(interview)}")
    view = candidate.get("/v1/candidate/interview").json()
    assert ("development" in view["purposes"]) == asked
