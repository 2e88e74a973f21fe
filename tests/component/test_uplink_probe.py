"""The object that an uplink is measured with: small, the candidate's own, and soon gone."""

from __future__ import annotations

from typing import Any

import pytest

from functions.portal.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.interview import InterviewState
from tests.attempt_fixtures import post_part
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, candidate_token, invite, set_up

BINARY = "application/octet-stream"


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def interview(database: Database, client: FunctionClient) -> str:
    (interview,) = invite(database)
    client.get(f"/i/{candidate_token(interview)}")
    return interview


def offer(client: FunctionClient, interview: str) -> Answer:
    bearer = f"Bearer {candidate_token(interview)}"
    return client.post("/v1/candidate/probe", {}, authorization=bearer)


def rests(store: ObjectStore) -> list[str]:
    return [item.key for item in store.listing("probes/")]


def test_the_real_store_takes_the_probe_and_the_sweep_removes_it(
    client: FunctionClient, interview: str, store: ObjectStore
) -> None:
    answer = offer(client, interview)
    assert answer.status == 201
    policy: dict[str, Any] = answer.json()
    for _ in range(2):
        assert post_part(policy, policy["key"], bytes(policy["max_bytes"]), BINARY) < 300
    assert rests(store) == [f"probes/{interview}/uplink"]
    for _ in range(2):
        client.tick("absences")
    assert rests(store) == []


def test_the_policy_is_good_for_nothing_else(
    client: FunctionClient, interview: str, store: ObjectStore
) -> None:
    policy = offer(client, interview).json()
    too_large = bytes(policy["max_bytes"] + 1)
    assert post_part(policy, policy["key"], too_large, BINARY) in (400, 403, 413)
    for key in ("probes/itv_other/uplink", "recordings/forged.webm", "batches/forged.json"):
        assert post_part(policy, key, b"x", BINARY) == 403
    assert post_part(policy, policy["key"], b"x", "text/html") == 403
    assert list(store.listing("probes/")) == list(store.listing("recordings/")) == []


def test_who_has_nothing_to_record_has_nothing_to_measure(
    client: FunctionClient, interview: str, database: Database
) -> None:
    with database.begin() as tx:
        assert tx.interviews.move(interview, InterviewState.CANCELLED)
    refused = offer(client, interview)
    assert (refused.status, refused.json()["code"]) == (409, "interview_not_open")
