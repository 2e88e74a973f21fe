"""Notice periods: candidates are told first, software scores when the time has run out, people need not wait."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from functions.analysis.app import app as analysis
from functions.analysis.score import score_if_complete
from functions.analysis.sweep import sweep
from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.policy import Policy, shipped_policy
from tests.function_client import FunctionClient
from tests.pipeline_fixtures import Pipeline
from tests.seeded import SettableClock, candidate_token, invite, set_up

NYC = shipped_policy("us-nyc")
HOUSE = Policy.model_validate(
    shipped_policy("cn").model_dump() | {"id": "house", "consents": ["recording", "ai_scoring"]}
)


@pytest.fixture
def clock(platform: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    monkeypatch.setenv("GREENROOM_ANALYSIS__FOLDER", str(tmp_path / "work"))
    clock = SettableClock()
    set_up(analysis, clock)
    return clock


def submitted(store: ObjectStore, database: Database, policy: Policy) -> Pipeline:
    """Handed in, with every answer settled, and nothing that could be scored."""
    pipeline = Pipeline.start(store, database, policy=policy)
    with analysis.database.begin() as tx:
        tx.process_log.append(pipeline.interview, EventType.INTERVIEW_INVITED)
        answers = [row.answer_id for row in tx.interviews.answers(pipeline.interview)]
        tx.interviews.skip_answers(pipeline.interview, answers)
    pipeline.submit()
    return pipeline


def test_scoring_waits_until_the_notice_has_run_out(
    clock: SettableClock, store: ObjectStore, database: Database
) -> None:
    pipeline = submitted(store, database, NYC)
    told = clock.now
    for days in (0, 10, 17):
        clock.now = told + timedelta(days=days)
        score_if_complete(pipeline.interview, analysis)
        sweep(analysis)
        assert pipeline.state() == InterviewState.SUBMITTED
    assert pipeline.log().count("scoring.postponed") == 1, "told once"
    with database.begin() as tx:
        assert tx.unscored.find(told + timedelta(days=30), 10) == []
    clock.now = told + timedelta(days=18, minutes=1)
    sweep(analysis)
    assert pipeline.state() == InterviewState.SCORED
    assert pipeline.log()[-1] == "interview.scored"


def test_without_a_notice_period_nothing_waits(
    clock: SettableClock, store: ObjectStore, database: Database
) -> None:
    pipeline = submitted(store, database, shipped_policy("cn"))
    score_if_complete(pipeline.interview, analysis)
    assert pipeline.state() == InterviewState.SCORED


def test_the_candidate_reads_the_notice_and_is_asked_for_the_policys_consents_alone(
    platform: None, database: Database
) -> None:
    set_up(portal)
    (interview,) = invite(database, policy=HOUSE)
    token = candidate_token(interview)
    client = FunctionClient(portal, authorization=f"Bearer {token}")
    for path in (f"/i/{token}?lang=en", f"/i/{token}/room?lang=en"):
        if "room" in path:
            with database.begin() as tx:
                tx.interviews.move(interview, InterviewState.OPENED)
        page = client.get(path).text
        assert "nobody is refused before a person has evaluated" in page
        assert 'name="ai_scoring"' in page and 'name="face"' not in page
    view = client.get("/v1/candidate/interview").json()
    assert view["purposes"] == ["recording", "ai_scoring"]
    agreed = {"recording": True, "face": True}
    answer = client.put("/v1/candidate/consents", agreed)
    assert (answer.status, answer.json()["code"]) == (422, "consent_not_asked")
