"""The candidate reads the ledger of their own interview, and of no other."""

import pytest

from functions.portal.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import SettableClock, candidate_token, invite, set_up


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


def ledger(client: FunctionClient, interview: str) -> dict:
    token = candidate_token(interview)
    return client.get("/v1/candidate/ledger", authorization=f"Bearer {token}").json()


def test_a_candidate_sees_what_was_lost_of_their_own_answers(
    client: FunctionClient, database: Database, store: ObjectStore
) -> None:
    mine, other = invite(database, ["李明", "王芳"])
    record(mine, database, store)
    found = ledger(client, mine)
    assert (found["interview"], found["lost_ms"]) == (mine, 2000)
    assert [entry["cause"] for entry in found["answers"][0]["entries"]] == ["part_missing"]
    assert ledger(client, other) == {
        "interview": other,
        "answers": [],
        "lost_ms": 0,
        "interrupted_ms": 0,
    }
