"""status_sync against real receivers: every step arrives, in order, under one id, whatever goes wrong."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom.domain.webhook import LONGEST_PAUSE, RETRY_DELAYS
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up
from tests.webhook_receiver import WebhookReceiver

STEPS = [
    EventType.INTERVIEW_CREATED,
    EventType.INTERVIEW_INVITED,
    EventType.INTERVIEW_OPENED,
    EventType.CONSENT_GIVEN,
    EventType.INTERVIEW_STARTED,
]
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(
    platform: None, database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    monkeypatch.setenv("GREENROOM_WEBHOOKS__TIMEOUT_S", "2")
    set_up(app, clock)
    sender.cache_clear()
    return FunctionClient(app, authorization=f"Bearer {api_key(database, 'webhooks:write')}")


@pytest.fixture
def receiver(client: FunctionClient) -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        register(client, receiver)
        yield receiver


def register(client: FunctionClient, receiver: WebhookReceiver, **more) -> str:
    wanted = {"url": receiver.url, "secret": receiver.secret, **more}
    answer = client.post("/v1/webhook-endpoints", wanted)
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def log(interview: str, *steps: EventType) -> list[str]:
    """Append steps as any function would; the keys of their events."""
    written = []
    for step in steps:
        with app.changes() as tx:
            row = tx.process_log.append(interview, step)
        written.append(keys.event(interview, row.seq))
    return written


def states(client: FunctionClient, interview: str) -> list[str]:
    found = client.get(f"/v1/webhook-deliveries?interview={interview}").json()
    return [delivery["state"] for delivery in found["deliveries"]]


def sequences(receiver: WebhookReceiver) -> list[int]:
    return [item.event["sequence"] for item in receiver.taken]


def test_every_step_arrives_signed_and_in_order(
    client: FunctionClient, receiver: WebhookReceiver, database: Database
) -> None:
    (interview,) = invite(database)
    assert client.objects(*log(interview, *STEPS)) == []
    assert [item.event["type"] for item in receiver.received] == STEPS
    assert all(item.verified for item in receiver.received)
    assert sequences(receiver) == [1, 2, 3, 4, 5]
    assert receiver.received[0].event["data"]["ehr_status"] == "待面试"
    assert states(client, interview) == ["delivered"] * 5


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_notifications_that_overtake_or_repeat_change_nothing(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, order: tuple[int, ...]
) -> None:
    (interview,) = invite(database)
    written = log(interview, *STEPS[:3])
    client.objects(*[written[number] for number in order for _ in range(2)])
    assert [item.event["sequence"] for item in receiver.received] == [1, 2, 3]
    assert len({item.id for item in receiver.received}) == 3


def test_a_failed_delivery_holds_back_the_later_ones_and_keeps_its_id(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    ill = threading.Event()
    ill.set()
    receiver.answers = lambda event: 503 if ill.is_set() and event["sequence"] == 2 else 204
    (interview,) = invite(database)
    written = log(interview, *STEPS[:4])
    assert client.objects(written[3]) == [
        0
    ]  # the queue is to call again: the retry is seconds away
    assert [item.event["sequence"] for item in receiver.received] == [1, 2]
    assert client.objects(written[3]) == [0]  # not due yet, so nothing is sent
    assert len(receiver.received) == 2
    ill.clear()
    clock.advance(timedelta(seconds=7))
    assert client.objects(written[3]) == []
    assert sequences(receiver) == [1, 2, 3, 4]
    second = [item for item in receiver.received if item.event["sequence"] == 2]
    assert len(second) == 2
    assert second[0].id == second[1].id
    assert second[0].event == second[1].event


def test_interviews_do_not_hold_each_other_back(
    client: FunctionClient, receiver: WebhookReceiver, database: Database
) -> None:
    one, other = invite(database, ["李明", "王芳"])
    receiver.answers = lambda event: 500 if event["subject"] == one else 204
    client.objects(*log(one, *STEPS[:2]), *log(other, *STEPS[:2]))
    assert [item.step for item in receiver.taken] == [(other, 1), (other, 2)]


@pytest.mark.parametrize(
    "trouble",
    [lambda event: 500, lambda event: 302, lambda event: threading.Event().wait(3) or 204],
    ids=["500", "redirect", "slow"],
)
def test_one_receiver_in_trouble_never_stops_another(
    client: FunctionClient,
    receiver: WebhookReceiver,
    database: Database,
    trouble: Callable[[dict], int],
) -> None:
    (interview,) = invite(database)
    with WebhookReceiver(trouble) as other:
        register(client, other)
        client.post("/v1/webhook-endpoints", {"url": "http://127.0.0.1:1/nobody"})
        client.objects(log(interview, *STEPS)[-1])
        assert sequences(receiver) == [1, 2, 3, 4, 5]
        assert other.hits == 1


def test_the_schedule_ends_in_dead_and_the_next_step_goes_on(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    receiver.answers = lambda event: 500 if event["sequence"] == 1 else 204
    (interview,) = invite(database)
    client.objects(*log(interview, *STEPS[:2]))
    for delay in RETRY_DELAYS:
        assert states(client, interview) == ["pending", "pending"]
        clock.advance(delay * 1.2)
        client.tick("sweep")
    clock.advance(
        LONGEST_PAUSE
    )  # after so many failures in a row the receiver is left alone for a while
    client.tick("sweep")
    assert states(client, interview) == ["dead", "delivered"]
    first = [item.id for item in receiver.received if item.event["sequence"] == 1]
    assert len(first) == len(RETRY_DELAYS) + 1
    assert len(set(first)) == 1


def test_a_retry_is_not_early(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    receiver.answers = lambda event: 500
    (interview,) = invite(database)
    client.objects(*log(interview, STEPS[0]))
    for attempt, delay in enumerate(RETRY_DELAYS, start=1):
        clock.advance(delay - timedelta(seconds=1))
        client.tick("sweep")
        assert receiver.hits == attempt
        clock.advance(delay * 0.2 + timedelta(seconds=1))
        client.tick("sweep")
        assert receiver.hits == attempt + 1


def test_a_dead_delivery_can_be_sent_again_under_its_id(
    client: FunctionClient, database: Database, clock: SettableClock, store: ObjectStore
) -> None:
    (interview,) = invite(database)
    with WebhookReceiver(lambda event: 500) as receiver:
        endpoint = register(client, receiver)
        client.objects(*log(interview, STEPS[0]))
        for delay in RETRY_DELAYS:
            clock.advance(delay * 1.2)
            client.tick("sweep")
        (delivery,) = client.get("/v1/webhook-deliveries?state=dead").json()["deliveries"]
        receiver.answers = lambda event: 204
        key = keys.event(interview, 1)
        store.delete(key)
        answer = client.post(f"/v1/webhook-deliveries/{endpoint}/{delivery['event']}/resend")
        assert answer.status == 202
        assert store.head(key) is not None  # its notification calls us
        client.objects(key)
    assert states(client, interview) == ["delivered"]
    assert {item.id for item in receiver.received} == {delivery["event"]}


def test_410_switches_the_endpoint_off(client: FunctionClient, database: Database) -> None:
    (interview,) = invite(database)
    with WebhookReceiver(lambda event: 410) as receiver:
        endpoint = register(client, receiver)
        client.objects(*log(interview, *STEPS[:3]))
        client.tick("sweep")
        assert receiver.hits == 1
        (shown,) = client.get("/v1/webhook-endpoints").json()["endpoints"]
        assert shown["state"] == "gone"
        found = client.get("/v1/webhook-deliveries").json()["deliveries"]
        answer = client.post(f"/v1/webhook-deliveries/{endpoint}/{found[0]['event']}/resend")
        assert (answer.status, answer.json()["code"]) == (409, "endpoint_not_active")


def test_only_the_wanted_types_and_nothing_from_before(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    (interview,) = invite(database)
    client.objects(*log(interview, EventType.INTERVIEW_CREATED))
    clock.advance(HOUR)
    with WebhookReceiver() as picky:
        register(client, picky, types=["interview.created", "interview.opened"])
        client.objects(*log(interview, EventType.INTERVIEW_INVITED, EventType.INTERVIEW_OPENED))
        assert sequences(picky) == [3]
    assert sequences(receiver) == [1, 2, 3]


def test_the_sweep_takes_over_what_was_never_announced(
    client: FunctionClient,
    receiver: WebhookReceiver,
    database: Database,
    clock: SettableClock,
    store: ObjectStore,
) -> None:
    """A crash before the event was written, and a notification that the store lost."""
    (interview,) = invite(database)
    with app.database.begin() as tx:
        tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
    log(interview, EventType.INTERVIEW_INVITED)
    client.tick("sweep")
    assert receiver.received == []  # still young: its own notification may be on the way
    clock.advance(timedelta(seconds=31))
    client.tick("sweep")
    assert sequences(receiver) == [1, 2]
    assert store.head(keys.event(interview, 1)) is not None
    client.tick("sweep")
    assert len(receiver.received) == 2


def test_workers_at_once_send_each_step_once(
    client: FunctionClient, receiver: WebhookReceiver, database: Database
) -> None:
    interviews = invite(database, [f"候选人{number}" for number in range(4)])
    written = [key for interview in interviews for key in log(interview, *STEPS)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(client.objects, written))
        list(pool.map(client.tick, ["sweep"] * 4))
    for interview in interviews:
        mine = [item.event["sequence"] for item in receiver.received if item.step[0] == interview]
        assert mine == [1, 2, 3, 4, 5]


def test_a_worker_that_died_after_sending_leaves_the_same_id_to_the_next(
    client: FunctionClient, receiver: WebhookReceiver, database: Database, clock: SettableClock
) -> None:
    (interview,) = invite(database)
    (key,) = log(interview, STEPS[0])
    with app.database.begin() as tx:
        tx.webhooks.fan_out(tx.process_log.event(interview, 1))
    with app.database.begin() as tx:
        (held,) = tx.webhooks.claim(interview, "the one that dies", 60, 16)
        event = tx.process_log.event(interview, 1)
    sender(app).send(held.row.url, held.secrets, event)
    client.objects(key)
    assert receiver.hits == 1  # the lease still holds
    clock.advance(timedelta(seconds=61))
    client.tick("sweep")
    assert [item.id for item in receiver.received] == [event.id, event.id]
    assert states(client, interview) == ["delivered"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.8/hooks",
        "http://localhost.example.invalid/hooks",
        "http://0.0.0.0:1/hooks",
    ],
)
def test_receivers_off_the_list_are_refused(client: FunctionClient, url: str) -> None:
    answer = client.post("/v1/webhook-endpoints", {"url": url})
    assert answer.status == 422
    assert answer.json()["code"] in ("endpoint_not_allowed", "endpoint_unresolved")


def test_an_endpoint_taken_off_the_list_gets_nothing_more(
    client: FunctionClient,
    receiver: WebhookReceiver,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (interview,) = invite(database)
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", "[]")
    set_up(app)
    sender.cache_clear()
    client.objects(*log(interview, STEPS[0]))
    assert receiver.hits == 0
    assert states(client, interview) == ["pending"]


def test_endpoints_are_registered_listed_and_removed(
    client: FunctionClient, database: Database
) -> None:
    url = "http://127.0.0.1:1/hooks"
    made = client.post("/v1/webhook-endpoints", {"url": url})
    assert made.status == 201
    assert made.json()["secret"].startswith("whsec_")
    once = {"idempotency-key": "register"}
    other = [client.post("/v1/webhook-endpoints", {"url": f"{url}/2"}, **once) for _ in range(2)]
    assert other[0].json() == other[1].json()
    assert other[1].headers["idempotency-replayed"] == "true"
    assert client.delete(f"/v1/webhook-endpoints/{other[0].json()['id']}").status == 204
    again = client.post("/v1/webhook-endpoints", {"url": url})
    assert (again.status, again.json()["code"]) == (409, "endpoint_exists")
    listed = client.get("/v1/webhook-endpoints").json()["endpoints"]
    (shown,) = [endpoint for endpoint in listed if endpoint["state"] == "active"]
    assert shown["url"] == url
    assert "secret" not in shown
    assert client.delete(f"/v1/webhook-endpoints/{shown['id']}").status == 204
    listed = client.get("/v1/webhook-endpoints").json()["endpoints"]
    assert {endpoint["state"] for endpoint in listed} == {"removed"}
    assert client.delete("/v1/webhook-endpoints/wep_nobody").status == 404


def test_without_the_scope_nothing_is_told(client: FunctionClient, database: Database) -> None:
    reader = f"Bearer {api_key(database, 'interviews:read')}"
    for path in ("/v1/webhook-endpoints", "/v1/webhook-deliveries"):
        answer = client.get(path, authorization=reader)
        assert (answer.status, answer.json()["code"]) == (403, "scope_missing")
        assert client.get(path, authorization="").status == 401


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=1e3", "limit=99999", "limit=²"])
def test_a_bad_query_is_refused(client: FunctionClient, query: str) -> None:
    answer = client.get(f"/v1/webhook-deliveries?{query}")
    assert (answer.status, answer.json()["code"]) == (422, "invalid_query")
