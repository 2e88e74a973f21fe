"""Notices in 企业微信, 钉钉 and 飞书: signed as documented, at the platforms' pace, by the deliveries of webhooks."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.domain import keys
from greenroom.domain.endpoint_kinds import ROBOT_MESSAGES_A_MINUTE
from greenroom.domain.events import EventType
from tests.chat_platforms import DINGTALK_SECRET, FEISHU_SECRET, KEY, ChatPlatform
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up

SECRETS = {"wecom": None, "dingtalk": DINGTALK_SECRET, "feishu": FEISHU_SECRET}
SCORED = EventType.INTERVIEW_SCORED
KINDS = list(SECRETS)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(
    platform: None, database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    set_up(app, clock)
    sender.cache_clear()
    return FunctionClient(app, authorization=f"Bearer {api_key(database, 'webhooks:write')}")


@pytest.fixture
def chat(client: FunctionClient, clock: SettableClock) -> Iterator[ChatPlatform]:
    with ChatPlatform() as chat:
        chat.now_s = lambda: clock().timestamp()
        yield chat


def register(client: FunctionClient, chat: ChatPlatform, kind: str, **more) -> str:
    wanted = {"kind": kind, "url": chat.url(kind), "types": [SCORED], "secret": SECRETS[kind]}
    answer = client.post("/v1/webhook-endpoints", {**wanted, **more})
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def scored(*interviews: str) -> list[str]:
    written = []
    for interview in interviews:
        with app.changes() as tx:
            row = tx.process_log.append(interview, SCORED)
        written.append(keys.event(interview, row.seq))
    return written


def deliveries(client: FunctionClient) -> list[dict]:
    return client.get("/v1/webhook-deliveries").json()["deliveries"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_names_event_job_and_interview_and_nobody(
    client: FunctionClient, chat: ChatPlatform, database: Database, kind: str
) -> None:
    register(client, chat, kind)
    (interview,) = invite(database, ["李明"])
    assert client.objects(*scored(interview)) == []
    (said,) = chat.said
    text = json.dumps(said, ensure_ascii=False)
    for part in (
        "已评分",
        "零售店长",
        interview,
        f"http://127.0.0.1:8080/console/interviews/{interview}",
    ):
        assert part in text
    assert "李明" not in text
    assert [item["state"] for item in deliveries(client)] == ["delivered"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_company_chose_is_said_in_its_language_without_markup(
    client: FunctionClient, chat: ChatPlatform, database: Database, kind: str
) -> None:
    register(client, chat, kind, notice={"locale": "en", "facts": ["candidate", "score", "flags"]})
    (interview,) = invite(database, ["[Li](http://evil.example) <@all>"])
    with database.begin() as tx:
        tx.interviews.set_flag(interview, "needs_follow_up")
    client.objects(*scored(interview))
    (said,) = chat.said
    text = json.dumps(said, ensure_ascii=False)
    assert "Store manager" in text
    assert "Flags: needs follow-up" in text
    if kind == "feishu":  # its text parts are data: no markup is read in them
        assert said["content"]["post"]["en_us"]["content"][2][0]["tag"] == "text"
    else:
        assert "](http://evil" not in text
        assert "<@all>" not in text


def test_other_events_are_not_announced(
    client: FunctionClient, chat: ChatPlatform, database: Database
) -> None:
    register(client, chat, "wecom")
    (interview,) = invite(database)
    with app.changes() as tx:
        row = tx.process_log.append(interview, EventType.ANSWER_STARTED)
    client.objects(keys.event(interview, row.seq))
    assert chat.requests == []


@pytest.mark.parametrize(
    ("kind", "code"), [("wecom", 45009), ("dingtalk", 130101), ("feishu", 11232)]
)
def test_too_many_messages_is_a_failure_that_is_tried_again_when_the_platform_takes_them(
    client: FunctionClient,
    chat: ChatPlatform,
    database: Database,
    clock: SettableClock,
    kind: str,
    code: int,
) -> None:
    register(client, chat, kind)
    chat.code = lambda: code
    (interview,) = invite(database)
    client.objects(*scored(interview))
    (delivery,) = deliveries(client)
    assert (delivery["state"], delivery["last_status"]) == ("pending", 200)
    assert str(code) in delivery["last_error"]
    chat.code = lambda: 0
    clock.advance(timedelta(seconds=30))
    client.tick("sweep")
    assert len(chat.requests) == 1  # the platform said when it takes messages again
    clock.advance(timedelta(minutes=11))
    client.tick("sweep")
    assert len(chat.said) == 1
    assert deliveries(client)[0]["state"] == "delivered"


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_wrong_secret_is_a_failure_until_the_right_one_is_given(
    client: FunctionClient,
    chat: ChatPlatform,
    database: Database,
    clock: SettableClock,
    kind: str,
) -> None:
    where = register(client, chat, kind, secret="not-the-secret")
    (interview,) = invite(database)
    client.objects(*scored(interview))
    assert chat.said == []
    assert "sign" in deliveries(client)[0]["last_error"]
    rotate = f"/v1/webhook-endpoints/{where}/rotate-secret"
    assert client.post(rotate, {}).json()["code"] == "invalid_secret"
    assert client.post(rotate, {"secret": SECRETS[kind]}).status == 200
    clock.advance(timedelta(seconds=7))
    client.tick("sweep")
    assert len(chat.said) == 1


def test_an_answer_that_is_not_the_platforms_is_a_failure(
    client: FunctionClient, chat: ChatPlatform, database: Database
) -> None:
    register(client, chat, "wecom")
    chat.answer = b"<html>the proxy says hello</html>"
    (interview,) = invite(database)
    client.objects(*scored(interview))
    assert deliveries(client)[0]["state"] == "pending"


def test_a_robot_gets_no_more_a_minute_than_its_platform_takes(
    client: FunctionClient, chat: ChatPlatform, database: Database, clock: SettableClock
) -> None:
    register(client, chat, "wecom")
    most = ROBOT_MESSAGES_A_MINUTE["wecom"]
    interviews = invite(database, [f"候选人{number}" for number in range(most + 5)])
    client.objects(*scored(*interviews))
    assert len(chat.said) == most
    client.tick("sweep")
    assert len(chat.said) == most
    clock.advance(timedelta(seconds=61))
    client.tick("sweep")
    assert len(chat.said) == most + 5


@pytest.mark.parametrize("kind", KINDS)
def test_the_robots_address_is_shown_nowhere(
    client: FunctionClient, chat: ChatPlatform, database: Database, kind: str
) -> None:
    register(client, chat, kind)
    (interview,) = invite(database)
    client.objects(*scored(interview))
    (delivery,) = deliveries(client)
    assert KEY not in client.get("/v1/webhook-endpoints").text
    assert KEY not in json.dumps(delivery)
    assert KEY not in client.get(delivery["links"]["self"]).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "wecom", "types": None},
        {"kind": "wecom", "secret": "SECwhatever"},
        {"kind": "webhook", "secret": "SECwhatever"},
        {"kind": "webhook", "notice": {"locale": "en"}},
        {"kind": "telegram"},
        {"kind": "feishu", "notice": {"facts": ["salary"]}},
    ],
    ids="-".join,
)
def test_what_does_not_fit_its_kind_is_refused(
    client: FunctionClient, chat: ChatPlatform, wrong: dict
) -> None:
    wanted = {"url": chat.url("wecom"), "types": [SCORED]} | wrong
    answer = client.post("/v1/webhook-endpoints", wanted)
    assert (answer.status, answer.json()["code"]) == (422, "invalid_document")
