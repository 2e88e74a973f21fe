"""Endpoints of the kind `rest`: what their template makes of an event reaches an OA, and bad templates never get in."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.domain import keys
from greenroom.domain.events import EventType
from tests.chat_platforms import ChatPlatform
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up

SCORED = EventType.INTERVIEW_SCORED
WORKFLOW = """{
  "requestName": "面试 {{ event.subject }}",
  "workflowId": 1024,
  "mainData": [
    {"fieldName": "candidate", "fieldValue": "{{ interview.candidate_name }}"},
    {"fieldName": "job", "fieldValue": {{ interview.job | tojson }}},
    {"fieldName": "score", "fieldValue": {{ interview.score }}},
    {"fieldName": "status", "fieldValue": "{{ event.data.ehr_status }}"},
    {"fieldName": "why", "fieldValue": "{{ event.data.details.reason | default('') }}"}
  ]
}"""


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(
    platform: None, database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    secrets = {
        "oa-token": {"host": "127.0.0.1", "value": "t0p-secret"},
        "elsewhere": {"host": "ehr.example.com", "value": "not-for-the-oa"},
    }
    monkeypatch.setenv("GREENROOM_WEBHOOKS__SECRETS", json.dumps(secrets))
    set_up(app, clock)
    sender.cache_clear()
    return FunctionClient(app, authorization=f"Bearer {api_key(database, 'webhooks:write')}")


@pytest.fixture
def oa(client: FunctionClient) -> Iterator[ChatPlatform]:
    with ChatPlatform() as oa:
        oa.answer = b'{"code": "SUCCESS"}'
        yield oa


def register(client: FunctionClient, oa: ChatPlatform, **rest):
    wanted = {
        "kind": "rest",
        "url": f"{oa.origin}/api/workflow/paService/doCreateRequest",
        "types": [SCORED],
        "rest": {"body": WORKFLOW, **rest},
    }
    return client.post("/v1/webhook-endpoints", wanted)


def scored(interview: str) -> str:
    with app.changes() as tx:
        row = tx.process_log.append(interview, SCORED)
    return keys.event(interview, row.seq)


def deliveries(client: FunctionClient) -> list[dict]:
    return client.get("/v1/webhook-deliveries").json()["deliveries"]


def test_an_event_becomes_the_oas_own_request(
    client: FunctionClient, oa: ChatPlatform, database: Database
) -> None:
    answer = register(
        client,
        oa,
        method="PUT",
        headers={"Authorization": "Bearer ${oa-token}"},
        answer={"field": "code", "accepted": ["SUCCESS"]},
    )
    assert answer.status == 201, answer.text
    (interview,) = invite(database, ['李"明\\","admin":true'])
    assert client.objects(scored(interview)) == []
    ((method, path, headers, body),) = oa.requests
    assert (method, path) == ("PUT", "/api/workflow/paService/doCreateRequest")
    assert headers["authorization"] == "Bearer t0p-secret"
    assert headers["idempotency-key"] == deliveries(client)[0]["event"]
    sent = json.loads(body)
    said = {item["fieldName"]: item["fieldValue"] for item in sent["mainData"]}
    assert said == {
        "candidate": '李"明\\","admin":true',
        "job": "零售店长",
        "score": None,
        "status": "待面试",
        "why": "",
    }
    assert "t0p-secret" not in client.get("/v1/webhook-endpoints").text
    assert deliveries(client)[0]["state"] == "delivered"


def test_an_answer_that_says_no_is_a_failure_and_tried_again(
    client: FunctionClient, oa: ChatPlatform, database: Database, clock: SettableClock
) -> None:
    register(client, oa, answer={"field": "code", "accepted": ["SUCCESS"]})
    oa.answer = b'{"code": "NO_PERMISSION"}'
    (interview,) = invite(database)
    client.objects(scored(interview))
    (delivery,) = deliveries(client)
    assert (delivery["state"], delivery["last_status"]) == ("pending", 200)
    assert "NO_PERMISSION" in delivery["last_error"]
    oa.answer = b'{"code": "SUCCESS"}'
    clock.advance(timedelta(seconds=7))
    client.tick("sweep")
    assert deliveries(client)[0]["state"] == "delivered"


def test_gone_says_nothing_of_the_whole_oa(
    client: FunctionClient, oa: ChatPlatform, database: Database, clock: SettableClock
) -> None:
    register(client, oa)
    oa.status = 410
    (interview,) = invite(database)
    client.objects(scored(interview))
    assert deliveries(client)[0]["state"] == "pending"
    assert client.get("/v1/webhook-endpoints").json()["endpoints"][0]["state"] == "active"


def test_a_form_is_escaped_as_one(
    client: FunctionClient, oa: ChatPlatform, database: Database
) -> None:
    form = "name={{ interview.candidate_name }}&status={{ event.data.ehr_status }}"
    register(client, oa, content_type="application/x-www-form-urlencoded", body=form)
    (interview,) = invite(database, ["A&status=hired"])
    client.objects(scored(interview))
    ((_, _, headers, body),) = oa.requests
    assert body.decode().startswith("name=A%26status%3Dhired&status=")
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"a": 1,\n "b": "{{ interview.salary }}"}', "line 2: "),
        ('{"a": 1,\n "b": {{ event.data.details.reason | tojson }}}', "line 2: "),
        ('{"a": "{{ event.subject }"}', "line 1: "),
        ('{"a": {{ interview.job }}}', "does not render JSON"),
        ('{"a": "{{ interview.job.upper() }}"}', "Call is not allowed"),
        ('{"a": "{{ event.__class__ }}"}', "line 1: "),
        ('{"a": "{{ "x" * 1000000000 }}"}', "Mul is not allowed"),
        ("{% set x = event %}{}", "Assign is not allowed"),
        ("{% include 'x' %}", "Include is not allowed"),
        ('{"a": "{{ interview.job | replace("a", "b") }}"}', "the filter replace"),
        (
            "[{% for a in interview.flags %}{% for b in interview.flags %}{% endfor %}{% endfor %}]",
            "a for inside a for",
        ),
        ('{"a": "{{ interview.job | join("x") }}"}', "line 1: join: not a list"),
    ],
)  # fmt: skip
def test_a_template_that_fails_on_an_example_is_refused_and_says_where(
    client: FunctionClient, oa: ChatPlatform, body: str, where: str
) -> None:
    answer = register(client, oa, body=body)
    assert (answer.status, answer.json()["code"]) == (422, "invalid_template")
    assert where in answer.json()["detail"]


def test_a_template_that_lacks_an_erased_interview_says_which_event(
    client: FunctionClient, oa: ChatPlatform
) -> None:
    answer = register(client, oa, body='{"score": {{ interview.score | round }}}')
    assert answer.json()["code"] == "invalid_template"
    assert "interview.scored of an erased interview" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["elsewhere", "nobody-knows"])
def test_a_secret_goes_to_its_own_host_alone(
    client: FunctionClient, oa: ChatPlatform, name: str
) -> None:
    answer = register(client, oa, headers={"X-Token": f"${{{name}}}"})
    assert (answer.status, answer.json()["code"]) == (422, "unknown_secret")
    assert "not-for-the-oa" not in answer.text


def test_headers_that_the_sender_writes_are_not_to_be_set(
    client: FunctionClient, oa: ChatPlatform
) -> None:
    answer = register(client, oa, headers={"Host": "metadata.internal"})
    assert (answer.status, answer.json()["code"]) == (422, "invalid_document")
