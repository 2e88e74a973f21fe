"""Settings, webhooks: endpoints added, rotated, disabled and enabled by people; deliveries read and sent again."""

import html
import re
from collections.abc import Iterator

import pytest

from functions.console.app import app
from functions.status_sync.app import app as status_sync
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.access import Role
from greenroom.domain.events import EventType
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, api_key, invite, set_up
from tests.webhook_receiver import WebhookReceiver

WEBHOOKS = "/console/settings/webhooks"
SECRET = re.compile(r'<code class="secret">([^<]+)</code>')
ONCE = "one-copy-of-a-form"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    set_up(app, clock)
    return FunctionClient(app)


@pytest.fixture
def worker(client: FunctionClient, database: Database, clock: SettableClock) -> FunctionClient:
    """status_sync, beside the console."""
    set_up(status_sync, clock)
    sender.cache_clear()
    return FunctionClient(
        status_sync, authorization=f"Bearer {api_key(database, 'webhooks:write')}"
    )


@pytest.fixture
def receiver(client: FunctionClient) -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def admin(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database, Role.ADMIN)


def send(client: FunctionClient, who: SignedIn, path: str, **fields: str) -> Answer:
    return client.form(WEBHOOKS + path, who.form(**{"once": ONCE, **fields}), cookie=who.cookie)


def endpoints(database: Database) -> list:
    with database.begin() as tx:
        return tx.webhooks.endpoints(active_only=False)


def acts(database: Database, who: SignedIn) -> list[str]:
    with database.begin() as tx:
        entries = tx.audit.find()
    return [
        entry.act.action
        for entry in reversed(entries)
        if entry.act.actor.id == who.user and not entry.act.action.endswith(".seen")
    ]


def test_an_endpoint_is_added_once_however_often_its_form_is_sent(
    client: FunctionClient, database: Database, admin: SignedIn
) -> None:
    wanted = {"url": "http://127.0.0.1:9/ehr", "type:interview.scored": "on"}
    first = send(client, admin, "", **wanted)
    again = send(client, admin, "", **wanted)
    assert (first.status, again.status) == (200, 200)
    (row,) = endpoints(database)
    assert row.types == [EventType.INTERVIEW_SCORED]
    assert SECRET.findall(first.text) == SECRET.findall(again.text) == [row.secret]
    other = send(client, admin, "", **{**wanted, "once": "another-copy-of-it"})
    assert other.status == 409 and 'id="url-wrong"' in other.text
    assert row.secret not in client.get(WEBHOOKS, cookie=admin.cookie).text
    assert acts(database, admin) == ["webhook_endpoint.added"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest", "endpoint_not_allowed"),
        ("ftp://ehr.example.com", "invalid_value"),
        ("", "invalid_value"),
    ],
)
def test_a_url_that_is_refused_is_kept_in_its_field_with_the_reason_beside_it(
    client: FunctionClient, database: Database, admin: SignedIn, url: str, code: str
) -> None:
    answer = send(client, admin, "", url=url)
    assert answer.status == 422
    assert f'value="{url}"' in answer.text
    assert code in answer.text[answer.text.index('id="url-wrong"') :]
    assert endpoints(database) == []


def test_a_secret_is_rotated_once_and_an_endpoint_disabled_and_enabled(
    client: FunctionClient, database: Database, admin: SignedIn
) -> None:
    send(client, admin, "", url="http://127.0.0.1:9/ehr")
    (before,) = endpoints(database)
    bad = send(client, admin, f"/{before.id}/secret", overlap_hours="999")
    assert bad.status == 422 and 'value="999"' in bad.text
    shown = [
        SECRET.findall(send(client, admin, f"/{before.id}/secret", overlap_hours="2").text)
        for _ in range(2)
    ]
    (row,) = endpoints(database)
    assert shown == [[row.secret]] * 2
    assert (row.former_secret, row.secret == before.secret) == (before.secret, False)
    for state in ("removed", "removed", "active", "active"):
        assert send(client, admin, f"/{row.id}/state", state=state).status == 303
        (now,) = endpoints(database)
        assert now.state == state
    assert acts(database, admin) == [
        "webhook_endpoint.added",
        "webhook_endpoint.secret_rotated",
        "webhook_endpoint.removed",
        "webhook_endpoint.enabled",
    ]


def test_the_api_enables_too_unless_the_url_was_registered_anew(
    worker: FunctionClient, receiver: WebhookReceiver
) -> None:
    path = "/v1/webhook-endpoints"
    first = worker.post(path, {"url": receiver.url}).json()["id"]
    worker.delete(f"{path}/{first}")
    assert worker.post(f"{path}/{first}/enable").json()["state"] == "active"
    assert worker.post(f"{path}/{first}/enable").status == 200
    worker.delete(f"{path}/{first}")
    worker.post(path, {"url": receiver.url})
    answer = worker.post(f"{path}/{first}/enable")
    assert (answer.status, answer.json()["code"]) == (409, "endpoint_exists")
    assert worker.post(f"{path}/wep_none/enable").json()["code"] == "unknown_endpoint"


def test_a_delivery_is_read_with_its_attempts_and_sent_again(
    client: FunctionClient,
    worker: FunctionClient,
    receiver: WebhookReceiver,
    database: Database,
    store: ObjectStore,
    admin: SignedIn,
    clock: SettableClock,
) -> None:
    (secret,) = SECRET.findall(send(client, admin, "", url=receiver.url).text)
    receiver.secret = secret
    receiver.answers = lambda event: 422
    (interview,) = invite(database, ["李明"])
    with status_sync.changes() as tx:
        row = tx.process_log.append(interview, EventType.ANSWER_STARTED)
    worker.objects(keys.event(interview, row.seq))
    (endpoint,) = endpoints(database)
    with database.begin() as tx:
        deliveries = tx.webhooks.deliveries(endpoint_id=endpoint.id)
        event = next(one.event_id for one in deliveries if one.attempts)
    listed = client.get(WEBHOOKS, cookie=admin.cookie).text
    assert "failing" in listed or "有失败" in listed
    page = client.get(f"{WEBHOOKS}/{endpoint.id}/{event}", cookie=admin.cookie).text
    assert "HTTP 422" in page and f'"id": "{event}"' in html.unescape(page)

    receiver.answers = lambda event: 204
    assert send(client, admin, f"/{endpoint.id}/{event}/resend").status == 303
    worker.objects(keys.event(interview, row.seq))
    page = client.get(f"{WEBHOOKS}/{endpoint.id}/{event}", cookie=admin.cookie).text
    assert "HTTP 422" in page and "HTTP 204" in page

    hits = receiver.hits
    answer = send(client, admin, f"/{endpoint.id}/resend", since="yesterday", delivered="on")
    assert answer.status == 422 and 'value="yesterday"' in answer.text
    answer = send(client, admin, f"/{endpoint.id}/resend", since="2020-01-01T00:00", delivered="on")
    assert answer.status == 200
    worker.tick("sweep")
    assert receiver.hits == hits + 1
    listed = client.get(f"{WEBHOOKS}/{endpoint.id}?state=delivered&lang=en", cookie=admin.cookie)
    assert event in listed.text


def test_hr_and_auditors_read_and_see_nothing_to_press(
    client: FunctionClient, database: Database, admin: SignedIn
) -> None:
    send(client, admin, "", url="http://127.0.0.1:9/ehr")
    (row,) = endpoints(database)
    for role in (Role.HR, Role.AUDITOR):
        who = signed_in(database, role)
        for path in ("", f"/{row.id}"):
            page = client.get(WEBHOOKS + path, cookie=who.cookie)
            assert page.status == 200 and "http://127.0.0.1:9/ehr" in page.text
            assert 'action="/console/settings' not in page.text
        assert send(client, who, f"/{row.id}/state", state="removed").status == 403
