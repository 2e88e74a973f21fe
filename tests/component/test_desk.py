"""面试官工作台: what a reviewer sees, drafts, blind until submitted, and the spread."""

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database, NewInterview
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from greenroom.domain.analysis import Analysis, ModuleResult, Observation
from greenroom.domain.batch import CandidateRow
from greenroom.domain.ids import derived_id
from greenroom.domain.keys import AttemptRef
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.recorded import record
from tests.seeded import BATCH, MODEL, TEMPLATE, api_key, invite, set_up

NASTY = "</textarea><img src=x onerror=alert(1)>"
COMPETENCIES = [competency.id for competency in MODEL.competencies]


@pytest.fixture
def interview(platform: None, database: Database, store: ObjectStore) -> str:
    set_up(app)
    (interview,) = invite(database)
    record(interview, database, store)
    return interview


class Reviewer:
    """Somebody signed in, at one interview's desk."""

    def __init__(self, database: Database, interview: str) -> None:
        self.visitor = signed_in(database)
        self.client = FunctionClient(app, cookie=self.visitor.cookie)
        self.interview = interview

    def desk(self) -> str:
        answer = self.client.get(f"/console/interviews/{self.interview}/desk?lang=en")
        assert answer.status == 200, answer.text
        return answer.text

    def send(self, action: str, points: int | None = None, **fields: str) -> Answer:
        rated = {f"points-{name}": str(points) for name in COMPETENCIES} if points else {}
        body = self.visitor.form(**rated, **fields, action=action)
        return self.client.form(f"/console/interviews/{self.interview}/evaluation", body)


def test_the_desk_draws_what_is_known(database: Database, interview: str) -> None:
    page = Reviewer(database, interview).desk()
    assert 'class="speech"' in page
    assert 'class="pause"' in page
    assert 'class="marker"' in page
    assert 'data-duration="95.2"' in page
    assert page.count("<fieldset data-competency=") == len(COMPETENCIES)
    assert "<b>" not in re.sub(r"<b>\d", "", page.split("timeline-svg")[1].split("</svg>")[0])


def test_the_language_that_the_question_requires_is_checked(
    platform: None, database: Database, store: ObjectStore
) -> None:
    set_up(app)
    asked = TEMPLATE.questions[0].model_copy(update={"language_required": "zh"})
    (interview,) = invite(database, template=TEMPLATE.model_copy(update={"questions": [asked]}))
    record(interview, database, store)
    reviewer = Reviewer(database, interview)
    assert "Required language: Mandarin. Not measured" in reviewer.desk()
    at = AttemptRef(interview, asked.id, 1).analysis
    analysis = Analysis.parse(store.get(at))
    told = Observation(
        kind="required_language_share",
        start_s=0,
        end_s=95,
        value=0.4,
        unit="share",
        confidence=0.8,
        n=9,
    )
    language = ModuleResult(module="language", status="ok", observations=[told])
    heard = analysis.model_copy(update={"modules": [*analysis.modules, language]})
    store.put(at, heard.canonical())
    page = reviewer.desk()
    assert re.search(r"Required language: Mandarin\. [^<]*: 40.?%", page)


def test_a_draft_is_kept_and_belongs_to_its_writer(database: Database, interview: str) -> None:
    one, other = Reviewer(database, interview), Reviewer(database, interview)
    kept = one.send("draft", 7, note=NASTY)
    assert kept.status == 204
    page = one.desk()
    form = page.split('id="evaluation"')[1].split('id="decision"')[0]
    assert form.count("checked>") == len(COMPETENCIES)
    assert NASTY not in page
    assert "onerror" not in other.desk()


def test_what_is_missing_is_said_and_the_draft_is_kept(database: Database, interview: str) -> None:
    one = Reviewer(database, interview)
    back = one.send("submit", 7)
    assert back.status == 422
    assert 'role="alert"' in back.text
    with database.begin() as tx:
        seen = [entry.act.action for entry in tx.audit.find()]
    assert seen == ["desk.seen"], "the answer shows the desk as well"
    assert 'value="7" checked' in one.desk()


def test_an_interviewer_sees_of_the_persons_history_what_is_assigned(
    platform: None, database: Database, store: ObjectStore
) -> None:
    set_up(app)
    (one,) = invite(database)
    two, three = derived_id("itv", "two"), derived_id("itv", "three")
    with database.begin() as tx:
        row = tx.interviews.get(one)
        person = CandidateRow(
            external_id=row.candidate_external_id, name="李明", email="li@example.com"
        )
        others = [
            NewInterview(id=other, candidate=person, deadline=row.deadline, locale="zh-CN")
            for other in (two, three)
        ]
        tx.interviews.create_many(BATCH, others)
        for interview in (one, two):
            tx.interviewers.assign(interview, ["wu@example.com"])
    wu = signed_in(database, Role.INTERVIEWER, email="wu@example.com")
    client = FunctionClient(app, cookie=wu.cookie)
    page = client.get(f"/console/interviews/{one}/desk").text
    assert f"/console/interviews/{two}" in page
    assert three not in page
    hr = FunctionClient(app, cookie=signed_in(database).cookie)
    assert three in hr.get(f"/console/interviews/{one}/desk").text


@pytest.mark.parametrize("fields", [{"points-communication": "11"}, {"recommendation": "burn"}])
def test_values_that_are_none_are_refused(
    database: Database, interview: str, fields: dict[str, str]
) -> None:
    name = COMPETENCIES[0]
    fields = {key.replace("communication", name): value for key, value in fields.items()}
    answer = Reviewer(database, interview).send("draft", **fields)
    assert (answer.status, answer.json()["code"]) == (422, "invalid_document")


def test_reviewers_are_blind_until_they_have_submitted(database: Database, interview: str) -> None:
    one, other = Reviewer(database, interview), Reviewer(database, interview)
    assert one.send("submit", 3, recommendation="reject", note="Too vague").status == 303
    before = other.desk()
    assert "1 evaluation was submitted" in before
    assert "Too vague" not in before
    assert "reviewers:" not in before
    assert other.send("submit", 9, recommendation="advance").status == 303
    after = other.desk()
    assert "Too vague" in after
    assert "2 reviewers: 3 to 9, mean 6" in after


def test_what_was_submitted_stands(database: Database, interview: str) -> None:
    one = Reviewer(database, interview)
    assert one.send("submit", 3, recommendation="reject").status == 303
    assert one.send("submit", 9, recommendation="advance").status == 303, "sent twice is sent once"
    refused = one.send("draft", 9)
    assert (refused.status, refused.json()["code"]) == (409, "evaluation_submitted")
    client = FunctionClient(app, authorization=f"Bearer {api_key(database, 'interviews:read')}")
    found = client.get(f"/v1/interviews/{interview}/evaluations").json()
    assert [item["evaluation"]["recommendation"] for item in found["evaluations"]] == ["reject"]
    assert found["spread"][0] == {
        "competency": COMPETENCIES[0],
        "n": 1,
        "lowest": 3,
        "mean": 3.0,
        "highest": 3,
    }


def test_only_who_is_signed_in_may_rate(database: Database, interview: str) -> None:
    stranger = FunctionClient(app)
    path = f"/console/interviews/{interview}"
    assert stranger.get(f"{path}/desk").status == 401
    assert stranger.form(f"{path}/evaluation", "action=draft").status == 401
