"""Greenhouse's assessment-partner contract, spoken as Greenhouse documents it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from functions.status_sync.app import app as status_sync
from functions.status_sync.delivery import sender
from greenroom.adapters.database.tables import batches as batch_rows
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.runtime.tokens import new_api_key
from tests.chat_platforms import ChatPlatform
from tests.function_client import Answer, FunctionClient
from tests.invitation_fixtures import House
from tests.seeded import set_up

AT = "/v1/partners/greenhouse"
EXAMPLES = Path("contracts/examples")
TEST = "screening:store-manager"


class Greenhouse:
    """Basic auth with the API key as user name, a colon, and no password."""

    def __init__(self, house: House) -> None:
        key_id, self.key, digest = new_api_key()
        scopes = ["batches:write", "interviews:read", "webhooks:write"]
        with house.database.begin() as tx:
            tx.api_keys.add(key_id, digest, scopes, "greenhouse")
        self.basic = "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()
        self.client = FunctionClient(house.app, authorization=self.basic)

    def send_test(self, **changed: Any) -> Answer:
        document = json.loads((EXAMPLES / "partner.assessment_order.json").read_bytes())
        candidate = document["candidate"] | changed.pop("candidate", {})
        return self.client.post(f"{AT}/send_test", document | changed | {"candidate": candidate})

    def status(self, interview: str) -> Answer:
        return self.client.get(f"{AT}/test_status?partner_interview_id={interview}")


@pytest.fixture
def greenhouse(house: House) -> Greenhouse:
    return Greenhouse(house)


@pytest.fixture
def ats(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatPlatform]:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    set_up(status_sync, house.clock)
    sender.cache_clear()
    with ChatPlatform() as ats:
        ats.answer = b""
        yield ats


def batches(house: House) -> list[str]:
    """Of one candidate each, as orders become them."""
    return [keys.batch_of(item.key) for item in house.store.listing("batches/")]


def test_every_template_with_every_job_that_it_fits_is_a_test(greenhouse: Greenhouse) -> None:
    answer = greenhouse.client.get(f"{AT}/list_tests")
    assert answer.status == 200
    named = {item["partner_test_id"]: item["partner_test_name"] for item in answer.json()}
    assert "·" in named[TEST]
    assert all(set(item) == {"partner_test_id", "partner_test_name"} for item in answer.json())


def test_an_order_invites_by_mail_and_its_repetition_changes_nothing(
    house: House, greenhouse: Greenhouse
) -> None:
    answer = greenhouse.send_test()
    assert (answer.status, list(answer.json())) == (200, ["partner_interview_id"])
    interview = answer.json()["partner_interview_id"]
    assert greenhouse.status(interview).json()["partner_status"] == "ordered"
    (batch,) = batches(house)
    house.work_off(batch)
    house.clock.turn(hours=1)
    assert greenhouse.send_test().json() == answer.json()
    house.work_off(batch)
    (mail,) = house.sink.messages()
    assert "hpotter@hogwarts.edu" in mail["To"]
    assert greenhouse.status(interview).json()["partner_status"] == "invited"


def test_an_order_that_was_killed_halfway_is_made_whole_by_the_next(
    house: House, greenhouse: Greenhouse
) -> None:
    first = greenhouse.send_test().json()
    (batch,) = batches(house)
    house.store.delete(keys.batch(batch))  # killed before the object was written
    assert greenhouse.send_test().json() == first
    house.work_off(batch)
    assert greenhouse.status(first["partner_interview_id"]).json()["partner_status"] == "invited"


def test_nobody_is_invited_to_an_order_that_was_not_kept(
    house: House, greenhouse: Greenhouse
) -> None:
    with house.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE partner_orders RENAME TO away"))
    assert greenhouse.send_test().status == 503
    assert batches(house) == []
    with house.database.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(batch_rows)) == 0
        connection.execute(sa.text("ALTER TABLE away RENAME TO partner_orders"))
    assert greenhouse.send_test().status == 200


def test_another_test_of_the_same_person_is_another_interview(greenhouse: Greenhouse) -> None:
    first = greenhouse.send_test().json()
    url = "https://app.greenhouse.io/integrations/testing_partners/take_home_tests/12346"
    assert greenhouse.send_test(url=url).json() != first
    corrected = greenhouse.send_test(candidate={"email": "harry@hogwarts.edu"})
    assert corrected.json() != first


def test_completion_is_told_by_patch_and_the_status_has_the_score(
    house: House, greenhouse: Greenhouse, ats: ChatPlatform
) -> None:
    hooks = FunctionClient(status_sync, authorization=f"Bearer {greenhouse.key}")
    endpoint = {
        "kind": "greenhouse",
        "url": f"{ats.origin}/take_home_tests/",
        "secret": greenhouse.key,
    }
    registered = hooks.post("/v1/webhook-endpoints", endpoint)
    assert (registered.status, registered.json()["secret"]) == (201, None)
    ordered = greenhouse.send_test(url=f"{ats.origin}/take_home_tests/12345").json()
    elsewhere = greenhouse.send_test(url=f"{ats.origin}/other/1").json()
    for batch in batches(house):
        house.work_off(batch)
    for each in (ordered, elsewhere):
        interview = each["partner_interview_id"]
        with status_sync.changes() as tx:
            for state in ("OPENED", "IN_PROGRESS", "SUBMITTED", "SCORED"):
                tx.interviews.move(interview, InterviewState[state])
            tx.interviews.record_score(interview, 81.0, {"communication": 81.0})
            tx.process_log.append(interview, EventType.INTERVIEW_SUBMITTED)
            row = tx.process_log.append(interview, EventType.INTERVIEW_SCORED)
        hooks.objects(keys.event(interview, row.seq))
    ((method, path, headers, body),) = ats.requests
    assert (method, path, body) == ("PATCH", "/take_home_tests/12345", b"")
    assert headers["authorization"] == greenhouse.basic
    told = greenhouse.status(ordered["partner_interview_id"]).json()
    assert (told["partner_status"], told["partner_score"]) == ("complete", 81)
    assert told["partner_profile_url"].endswith(
        f"/console/interviews/{ordered['partner_interview_id']}"
    )
    assert told["metadata"]["State"] == "scored"
    assert not any(isinstance(value, dict | list) for value in told["metadata"].values())


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"partner_test_id": "12345"}, 404, "unknown_test"),
        ({"partner_test_id": "nothing:store-manager"}, 404, "unknown_template"),
        ({"partner_test_id": "screening:nobody"}, 404, "unknown_competency_model"),
        ({"candidate": {"email": "not an address"}}, 422, "invalid_document"),
        ({"candidate": {"first_name": "Harry\nBcc: x"}}, 422, "invalid_document"),
        ({"url": "file:///etc/passwd"}, 422, "invalid_document"),
        ({"url": "https://api.greenhouse.io/take_home_tests/%2e%2e/x"}, 422, "invalid_document"),
    ],
)
def test_a_bad_order_is_refused_and_nothing_kept(
    house: House, greenhouse: Greenhouse, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = greenhouse.send_test(**changed)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert batches(house) == []


def test_interviews_that_others_ordered_are_not_told_of(
    house: House, greenhouse: Greenhouse
) -> None:
    batch = house.invite(1)
    house.work_off(batch)
    with house.database.begin() as tx:
        (row,) = tx.interviews.find(batch=batch)
    interview = row.id
    answer = greenhouse.status(interview)
    assert (answer.status, answer.json()["code"]) == (404, "unknown_interview")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic Z3JfeDo=", "Bearer x", ""])
def test_a_wrong_key_is_401(house: House, header: str) -> None:
    answer = FunctionClient(house.app, authorization=header).get(f"{AT}/list_tests")
    assert answer.status == 401


def test_basic_opens_no_other_route(greenhouse: Greenhouse) -> None:
    assert greenhouse.client.get("/v1/templates").json()["code"] == "credential_missing"


def test_what_greenhouse_did_not_like_is_taken(greenhouse: Greenhouse) -> None:
    document = json.loads((EXAMPLES / "partner.response_error.json").read_bytes())
    answer = greenhouse.client.post(f"{AT}/response_error", document)
    assert (answer.status, answer.json()) == (200, {"status": 200})
