"""Extra time 延长时间: granted by HR, in effect at once wherever a limit is told."""

from __future__ import annotations

import pytest

from functions.console.app import app as console
from functions.portal.app import app as portal
from functions.upload_url.app import app as upload_url
from greenroom.adapters.database import Database
from greenroom.domain.events import EventType
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, api_key, candidate_token, invite, set_up


@pytest.fixture
def interview(platform: None, database: Database) -> str:
    clock = SettableClock()
    for function in (console, portal, upload_url):
        set_up(function, clock)
    (interview,) = invite(database)
    candidate = of_candidate(portal, interview)
    candidate.get(f"/i/{candidate_token(interview)}")
    assert candidate.put("/v1/candidate/consents", {"recording": True}).status == 200
    return interview


def of_candidate(function: object, interview: str) -> FunctionClient:
    bearer = f"Bearer {candidate_token(interview)}"
    return FunctionClient(function, authorization=bearer)  # type: ignore[arg-type]


def grant(
    database: Database, interview: str, factor: object, scope: str = "interviews:write"
) -> Answer:
    hr = FunctionClient(console, authorization=f"Bearer {api_key(database, scope)}")
    return hr.put(f"/v1/interviews/{interview}/time-factor", {"factor": factor})


def heard(interview: str) -> dict[str, object]:
    sample = {"at": "2026-11-23T08:00:00Z", "phase": "thinking"}
    answer = of_candidate(portal, interview).post("/v1/candidate/health", {"samples": [sample]})
    assert answer.status == 200
    return dict(answer.json())


def test_every_limit_is_told_with_the_extra_time(database: Database, interview: str) -> None:
    attempts = "/v1/candidate/answers/coordination/attempts"
    candidate = of_candidate(upload_url, interview)
    before = candidate.post(attempts).json()
    assert (before["think_s"], before["min_s"], before["max_s"]) == (30, 60, 180)
    assert heard(interview)["time_factor"] == 1
    assert grant(database, interview, 1.5).json() == {"factor": 1.5}
    assert heard(interview)["time_factor"] == 1.5, "live, while it is being recorded"
    renewed = candidate.post(f"{attempts}/{before['attempt']}/uploads").json()
    view = of_candidate(portal, interview).get("/v1/candidate/interview").json()
    assert view["time_factor"] == 1.5
    for told in (renewed, candidate.post(attempts).json(), view["answers"][0]):
        assert (told["think_s"], told["min_s"], told["max_s"]) == (45, 60, 270)


def test_granting_the_same_again_is_no_step(database: Database, interview: str) -> None:
    for factor in (2, 2, 2.0, 1, 1):
        assert grant(database, interview, factor).status == 200
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    granted = [row.event.data.details for row in rows if row.type == EventType.TIME_GRANTED]
    assert [details["factor"] for details in granted] == [2, 1]
    assert all(len(details["by"]) == 12 for details in granted)


@pytest.mark.parametrize("factor", [0, 0.5, 4.5, -1, None, "two"])
def test_nobody_gets_less_or_endless_time(
    database: Database, interview: str, factor: object
) -> None:
    refused = grant(database, interview, factor)
    assert (refused.status, refused.json()["code"]) == (422, "invalid_document")
    assert heard(interview)["time_factor"] == 1


def test_reading_is_not_granting(database: Database, interview: str) -> None:
    refused = grant(database, interview, 2, "interviews:read")
    assert (refused.status, refused.json()["code"]) == (403, "scope_missing")
    missing = grant(database, "itv_" + "z" * 20, 2)
    assert (missing.status, missing.json()["code"]) == (404, "unknown_interview")
    assert heard(interview)["time_factor"] == 1
