"""Running webhooks: breakers, rotated secrets, what was sent and answered, sending again since a time."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom.domain.webhook import LONGEST_PAUSE, PAUSED_AFTER
from tests.dying import killed_after
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up
from tests.webhook_receiver import WebhookReceiver

NEW_SECRET = "whsec_" + "WFla" * 11


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
def receiver(client: FunctionClient) -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


def register(client: FunctionClient, receiver: WebhookReceiver) -> str:
    wanted = {"url": receiver.url, "secret": receiver.secret}
    return client.post("/v1/webhook-endpoints", wanted).json()["id"]


def step(*interviews: str) -> list[str]:
    """One more step of each; the keys of their events."""
    written = []
    for interview in interviews:
        with app.changes() as tx:
            row = tx.process_log.append(interview, EventType.ANSWER_STARTED)
        written.append(keys.event(interview, row.seq))
    return written


def endpoint(client: FunctionClient, which: str) -> dict:
    found = client.get("/v1/webhook-endpoints").json()["endpoints"]
    return next(one for one in found if one["id"] == which)


def test_a_receiver_that_is_down_is_left_alone_and_then_tried_with_one_delivery(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    where = register(client, receiver)
    receiver.answers = lambda event: 503
    interviews = invite(database, [f"候选人{number}" for number in range(40)])
    client.objects(*step(*interviews[:PAUSED_AFTER]))
    assert receiver.hits == PAUSED_AFTER
    assert endpoint(client, where)["paused_until"] is not None
    assert client.objects(*step(*interviews[PAUSED_AFTER:])) == []
    client.tick("sweep")
    assert receiver.hits == PAUSED_AFTER
    clock.advance(LONGEST_PAUSE)
    client.tick("sweep")
    assert receiver.hits == PAUSED_AFTER + 1  # one probe, however many are due
    receiver.answers = lambda event: 204
    clock.advance(LONGEST_PAUSE)
    client.tick("sweep")
    assert {item.step[0] for item in receiver.taken} == set(interviews)
    assert endpoint(client, where)["failures"] == 0


def test_an_event_that_is_never_taken_is_not_tried_more_often_for_every_success(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    register(client, receiver)
    bad, good = invite(database, ["李明", "王芳"])
    receiver.answers = lambda event: 422 if event["subject"] == bad else 204
    client.objects(*step(bad))
    clock.advance(timedelta(seconds=7))
    client.tick("sweep")
    tried = [item.step[0] for item in receiver.received].count(bad)
    for _ in range(5):
        clock.advance(timedelta(seconds=30))
        client.objects(*step(good))
        client.tick("sweep")
    assert [item.step[0] for item in receiver.received].count(bad) == tried == 2


def test_both_secrets_sign_during_the_overlap(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    where = register(client, receiver)
    (interview,) = invite(database)
    body = {"secret": NEW_SECRET, "overlap_hours": 2}
    answer = client.post(f"/v1/webhook-endpoints/{where}/rotate-secret", body)
    assert (answer.status, answer.json()["secret"]) == (200, NEW_SECRET)
    client.objects(*step(interview))
    (sent,) = receiver.received
    assert sent.verified  # by the former secret, which the receiver still has
    assert Webhook(NEW_SECRET).verify(sent.body, sent.headers) == sent.event
    assert len(sent.headers["webhook-signature"].split(" ")) == 2
    clock.advance(timedelta(hours=2))
    receiver.secret = NEW_SECRET
    client.objects(*step(interview))
    assert receiver.received[-1].verified
    assert len(receiver.received[-1].headers["webhook-signature"].split(" ")) == 1


def test_a_leaked_secret_ends_at_once_and_a_new_one_is_made(
    client: FunctionClient, receiver: WebhookReceiver, database: Database
) -> None:
    where = register(client, receiver)
    (interview,) = invite(database)
    answer = client.post(f"/v1/webhook-endpoints/{where}/rotate-secret", {"overlap_hours": 0})
    receiver.secret = answer.json()["secret"]
    client.objects(*step(interview))
    (sent,) = receiver.received
    assert sent.verified
    assert len(sent.headers["webhook-signature"].split(" ")) == 1


def test_a_delivery_shows_its_request_and_every_answer(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    where = register(client, receiver)
    (interview,) = invite(database)
    receiver.answers = lambda event: 500
    client.objects(*step(interview))
    receiver.answers = lambda event: 204
    clock.advance(timedelta(seconds=7))
    client.tick("sweep")
    (delivery,) = client.get("/v1/webhook-deliveries").json()["deliveries"]
    shown = client.get(delivery["links"]["self"]).json()
    assert shown["request"]["body"] == receiver.received[0].event
    assert shown["request"]["webhook-id"] == receiver.received[0].id
    assert [item["status"] for item in shown["attempts_made"]] == [500, 204]
    assert shown["attempts_made"][0]["url"] == receiver.url
    assert "500" in shown["attempts_made"][0]["error"]
    answer = client.get(f"/v1/webhook-deliveries/{where}/evt_unknown")
    assert (answer.status, answer.json()["code"]) == (404, "unknown_delivery")


def test_answers_are_forgotten_after_thirty_days(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    register(client, receiver)
    (interview,) = invite(database)
    client.objects(*step(interview))
    clock.advance(timedelta(days=31))
    client.tick("sweep")
    (delivery,) = client.get("/v1/webhook-deliveries").json()["deliveries"]
    assert client.get(delivery["links"]["self"]).json()["attempts_made"] == []


@pytest.mark.parametrize("by", ["", "interview", "state", "endpoint"])
def test_pages_of_deliveries_are_complete_whatever_comes_in_between(
    client: FunctionClient,
    receiver: WebhookReceiver,
    database: Database,
    clock: SettableClock,
    by: str,
) -> None:
    where = register(client, receiver)
    (interview,) = invite(database)
    for _ in range(7):
        client.objects(*step(interview))
        clock.advance(timedelta(seconds=1))
    chosen = {"interview": interview, "state": "delivered", "endpoint": where}
    page = client.get(f"/v1/webhook-deliveries?limit=3{f'&{by}={chosen[by]}' if by else ''}")
    seen = []
    while True:
        seen += [item["sequence"] for item in page.json()["deliveries"]]
        if page.json()["next"] is None:
            break
        assert f'<{page.json()["next"]}>; rel="next"' in page.headers["link"]
        if by != "interview":
            client.objects(*step(interview))  # newer ones never move the pages that follow
            clock.advance(timedelta(seconds=1))
        page = client.get(page.json()["next"])
    assert seen == ([1, 2, 3, 4, 5, 6, 7] if by == "interview" else [7, 6, 5, 4, 3, 2, 1])


@pytest.mark.parametrize("after", ["x", "1~evt_a", "1~evt_a~wep_a~more", "9" * 40 + "~a~b"])
def test_a_cursor_that_is_none_is_refused(client: FunctionClient, after: str) -> None:
    answer = client.get(f"/v1/webhook-deliveries?after={after}")
    assert (answer.status, answer.json()["code"]) == (422, "invalid_cursor")


def test_everything_since_a_time_is_sent_again_in_order_under_its_ids(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    where = register(client, receiver)
    (interview,) = invite(database)
    client.objects(*step(interview))
    clock.advance(timedelta(hours=1))
    since = clock().isoformat()
    for _ in range(3):
        client.objects(*step(interview))
    before = list(receiver.received)
    answer = client.post(f"/v1/webhook-endpoints/{where}/resend", {"since": since})
    assert (answer.status, answer.json()["deliveries"]) == (202, 3)
    client.tick("sweep")
    again = receiver.received[len(before) :]
    assert [item.event["sequence"] for item in again] == [2, 3, 4]
    assert [item.id for item in again] == [item.id for item in before[1:]]
    answer = client.post("/v1/webhook-endpoints/wep_nobody/resend", {"since": since})
    assert (answer.status, answer.json()["code"]) == (404, "unknown_endpoint")


def test_killed_while_registering_or_rotating_the_secret_is_still_told(
    client: FunctionClient, database: Database, clock: SettableClock
) -> None:
    def send(path: str, body: dict, commits: int) -> dict:
        """Killed after so many commits, if it lives so long; then sent again with the same key."""
        key = {"Idempotency-Key": f"key-{commits}"}
        lives.append(not killed_after(commits, app, lambda: client.post(path, body, **key)))
        clock.advance(timedelta(seconds=61))
        answer = client.post(path, body, **key)
        assert answer.status in (200, 201), answer.text
        return answer.json()

    lives: list[bool] = []
    for commits in itertools.count(1):
        wanted = {"url": f"http://127.0.0.1:9/{commits}"}
        which = send("/v1/webhook-endpoints", wanted, commits)["id"]
        told = send(f"/v1/webhook-endpoints/{which}/rotate-secret", {}, commits)["secret"]
        with database.begin() as tx:
            assert tx.webhooks.endpoint(which).secret == told
        if all(lives[-2:]):
            break
    assert commits > 2
