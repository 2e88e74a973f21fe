"""A person's score in the place of software's: both stay readable, lists go by what holds, a replay is untouched."""

from __future__ import annotations

import pytest

from functions.analysis.app import app as analysis
from functions.analysis.score import _record
from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.access import Role
from greenroom.domain.scorecard import Scorecard
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import api_key, invite, set_up

WANTED = {"score": 82.5, "reason": "口音影响了语速的<b>测量</b>"}


@pytest.fixture
def interview(platform: None, database: Database, store: ObjectStore) -> str:
    set_up(console)
    set_up(analysis)
    (interview,) = invite(database)
    record(interview, database, store)
    return interview


@pytest.fixture
def hr(interview: str, database: Database) -> FunctionClient:
    key = api_key(database, "interviews:write", "interviews:read")
    return FunctionClient(console, authorization=f"Bearer {key}")


def steps(database: Database, interview: str) -> list[tuple[str, dict[str, object]]]:
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    return [(row.type, row.event.data.details) for row in rows if row.type.startswith("score.")]


def test_both_scores_stay_and_the_list_goes_by_the_one_that_holds(
    hr: FunctionClient, database: Database, store: ObjectStore, interview: str
) -> None:
    path = f"/v1/interviews/{interview}"
    scorecard = store.get(keys.scorecard(interview))
    software = Scorecard.parse(scorecard)
    ranked = "/v1/interviews?sort=-score[service]&score[service]>=80"
    assert hr.get(ranked).json()["interviews"] == []
    for _ in range(2):
        answer = hr.put(f"{path}/scores/service", WANTED)
        assert answer.status == 200, answer.text
    results = hr.get(f"{path}/results").json()
    assert results["scorecard"]["competencies"][1]["score"] == software.competencies[1].score
    assert results["standing"]["competencies"]["service"] == 82.5
    (kept,) = results["overrides"]
    assert (kept["competency"], kept["score"], kept["reason"]) == ("service", *WANTED.values())
    own = software.competencies[0].score
    assert own is not None and software.competencies[1].score is None
    total = round((own * 60 + 82.5 * 40) / 100, 1)
    assert results["standing"]["total"]["score"] == total
    (listed,) = hr.get(ranked).json()["interviews"]
    assert (listed["scores"]["service"], listed["total_score"]) == (82.5, total)
    assert store.get(keys.scorecard(interview)) == scorecard, "a replay gives these bytes"
    ((kind, details),) = steps(database, interview)
    assert (kind, details["software"], details["total"]) == ("score.overridden", None, total)

    for _ in range(2):
        assert hr.delete(f"{path}/scores/service").status == 200
    results = hr.get(f"{path}/results").json()
    assert results["overrides"] == []
    assert results["standing"]["total"] == results["scorecard"]["total"]
    assert [kind for kind, _ in steps(database, interview)] == [
        "score.overridden",
        "score.restored",
    ]


def test_a_later_scoring_keeps_it(
    hr: FunctionClient, database: Database, store: ObjectStore, interview: str
) -> None:
    hr.put(f"/v1/interviews/{interview}/scores/communication", WANTED)
    card = Scorecard.parse(store.get(keys.scorecard(interview)))
    with analysis.changes() as tx:
        _record(tx, tx.interviews.get(interview), tx.interviews.answers(interview), card, None)
    with database.begin() as tx:
        assert tx.interviews.scores(interview)["communication"] == 82.5


@pytest.mark.parametrize(
    ("competency", "body", "status", "code"),
    [
        ("service", {"score": 101, "reason": "x"}, 422, "invalid_document"),
        ("service", {"score": 50, "reason": "  "}, 422, "invalid_document"),
        ("service", {"score": 50}, 422, "invalid_document"),
        ("no-such", WANTED, 404, "unknown_competency"),
    ],
)
def test_what_is_wrong_is_refused(
    hr: FunctionClient, interview: str, competency: str, body: object, status: int, code: str
) -> None:
    answer = hr.put(f"/v1/interviews/{interview}/scores/{competency}", body)
    assert (answer.status, answer.json()["code"]) == (status, code)


def test_without_a_scorecard_there_is_nothing_to_replace(
    hr: FunctionClient, store: ObjectStore, interview: str
) -> None:
    store.delete(keys.scorecard(interview))
    answer = hr.put(f"/v1/interviews/{interview}/scores/service", WANTED)
    assert (answer.status, answer.json()["code"]) == (409, "not_scored")


def test_at_the_desk_with_a_reason_and_back(interview: str, database: Database) -> None:
    desk = FunctionClient(console)
    hr = signed_in(database)
    place = f"/console/interviews/{interview}"

    def post(**fields: str) -> int:
        body = hr.form(**fields)
        return desk.form(f"{place}/scores/service", body, cookie=hr.cookie).status

    assert post(score="82.5", reason="") == 422
    assert post(score="many", reason="x") == 422
    assert post(score="82.5", reason=WANTED["reason"]) == 303  # type: ignore[arg-type]
    for path in (place, f"{place}/desk"):
        page = desk.get(path, cookie=hr.cookie).text
        assert "&lt;b&gt;测量" in page and "82.5" in page and "人工评分" in page
    reviewer = signed_in(database, Role.INTERVIEWER, email="wu@example.com")
    with database.begin() as tx:
        tx.interviewers.assign(interview, ["wu@example.com"])
    assert "override-form" not in desk.get(f"{place}/desk", cookie=reviewer.cookie).text
    assert post(action="restore") == 303
    assert "82.5" not in desk.get(place, cookie=hr.cookie).text
