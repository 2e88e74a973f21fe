"""A link that has run out: what was recorded while it was good still arrives, nothing new begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.portal.app import app as portal
from functions.upload_url.app import app as upload_url
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.interview import InterviewState
from tests.attempt_fixtures import post_part, segment_of
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, candidate_token, invite, set_up

ATTEMPTS = "/v1/candidate/answers/coordination/attempts"
SAMPLE = {"at": "2026-11-23T08:00:00Z", "phase": "finishing"}
STEP = {"id": "s", "step": "recording_interrupted", "at": "2026-11-23T08:00:00Z"}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def token(platform: None, database: Database, clock: SettableClock) -> str:
    """A link good for an hour; consent is given."""
    for function in (portal, upload_url):
        set_up(function, clock)
    (interview,) = invite(database)
    token = candidate_token(interview, days=1 / 24)
    portal_of(token).get(f"/i/{token}")
    assert portal_of(token).put("/v1/candidate/consents", {"recording": True}).status == 200
    return token


def portal_of(token: str) -> FunctionClient:
    return FunctionClient(portal, authorization=f"Bearer {token}")


def uploads_of(token: str) -> FunctionClient:
    return FunctionClient(upload_url, authorization=f"Bearer {token}")


def expired(answer: Answer) -> bool:
    return answer.status == 401 and answer.json()["code"] == "token_expired"


def test_an_attempt_that_was_begun_is_finished_with_it(
    token: str, clock: SettableClock, store: ObjectStore
) -> None:
    uploads, page = uploads_of(token), portal_of(token)
    attempt = uploads.post(ATTEMPTS).json()["attempt"]
    clock.advance(timedelta(hours=2))
    assert page.post("/v1/candidate/steps", {"steps": [STEP]}).status == 200
    renewed = uploads.post(f"{ATTEMPTS}/{attempt}/uploads")
    assert renewed.status == 200
    policy = renewed.json()["uploads"]["camera"]
    assert post_part(policy, f"{policy['key_prefix']}0000/000000", b"late") < 300
    segment = segment_of([b"late"]).model_dump(mode="json")
    manifest = {"tracks": [{"track": "camera", "segments": [segment]}]}
    assert uploads.post(f"{ATTEMPTS}/{attempt}/complete", manifest).status == 202
    assert uploads.get(f"{ATTEMPTS}/{attempt}").json()["state"] == "sealed"
    assert page.post("/v1/candidate/health", {"samples": [SAMPLE]}).status == 200
    assert page.get("/v1/candidate/interview").status == 200
    for path in ("", "/room"):
        assert page.get(f"/i/{token}{path}").status == 200, "the page that holds the recording"
    missing = uploads.post("/v1/candidate/submission")
    assert missing.json()["code"] == "answers_missing", "the link is not what it lacks"


def test_nothing_new_begins_with_it(token: str, clock: SettableClock) -> None:
    uploads, page = uploads_of(token), portal_of(token)
    assert uploads.post(ATTEMPTS).status == 201
    clock.advance(timedelta(hours=2))
    assert expired(uploads.post(ATTEMPTS))
    assert expired(page.post("/v1/candidate/probe", {}))
    assert expired(page.put("/v1/candidate/consents", {"recording": True, "face": True}))
    assert page.form(f"/i/{token}/consents", "recording=yes&face=yes").status == 410


def test_a_consent_can_still_be_taken_back(
    token: str, clock: SettableClock, database: Database
) -> None:
    uploads_of(token).post(ATTEMPTS)
    clock.advance(timedelta(hours=2))
    assert portal_of(token).form(f"/i/{token}/withdrawals", "purpose=recording").status == 303
    (interview,) = invite(database)
    with database.begin() as tx:
        consents = tx.interviews.consents(interview)
    assert consents is not None
    assert not consents.recording


@pytest.mark.parametrize("hours", [25.5, 1000])
def test_the_grace_has_an_end(token: str, clock: SettableClock, hours: float) -> None:
    uploads, page = uploads_of(token), portal_of(token)
    attempt = uploads.post(ATTEMPTS).json()["attempt"]
    clock.advance(timedelta(hours=hours))
    assert expired(uploads.get(f"{ATTEMPTS}/{attempt}"))
    assert expired(uploads.post(f"{ATTEMPTS}/{attempt}/uploads"))
    assert expired(page.post("/v1/candidate/health", {"samples": [SAMPLE]}))
    assert page.get(f"/i/{token}").status == 410


def test_it_is_as_long_as_the_settings_say(
    token: str, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = uploads_of(token).post(ATTEMPTS).json()["attempt"]
    monkeypatch.setenv("GREENROOM_TOKENS__GRACE_HOURS", "0")
    set_up(upload_url, clock)
    assert uploads_of(token).get(f"{ATTEMPTS}/{attempt}").status == 200
    clock.advance(timedelta(hours=2))
    assert expired(uploads_of(token).get(f"{ATTEMPTS}/{attempt}"))


@pytest.mark.parametrize("begun", [False, True])
def test_an_interview_that_was_never_begun_or_is_cancelled_has_nothing_to_bring_in(
    token: str, clock: SettableClock, database: Database, begun: bool
) -> None:
    if begun:
        uploads_of(token).post(ATTEMPTS)
        (interview,) = invite(database)
        with database.begin() as tx:
            assert tx.interviews.move(interview, InterviewState.CANCELLED)
    clock.advance(timedelta(hours=2))
    assert expired(portal_of(token).get("/v1/candidate/interview"))
    assert expired(uploads_of(token).post("/v1/candidate/submission"))
    assert portal_of(token).get(f"/i/{token}/room").status == 410


def test_a_newer_link_ends_the_older_one_in_its_grace_too(
    token: str, clock: SettableClock, database: Database
) -> None:
    (interview,) = invite(database)
    uploads_of(token).post(ATTEMPTS)
    clock.advance(timedelta(hours=2))
    older = candidate_token(interview, version=0, days=1 / 24)
    refused = portal_of(older).get("/v1/candidate/interview")
    assert (refused.status, refused.json()["code"]) == (401, "token_revoked")
