"""Every type of webhook that AsyncAPI names is one that the product makes, and goes out as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.clock import now_utc
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom_cli.contract_kit.contracts import shipped
from tests.function_client import FunctionClient
from tests.seeded import api_key, invite, set_up
from tests.webhook_receiver import WebhookReceiver


def test_every_type_in_the_contract_is_sent_signed_in_order_and_as_it_says(
    platform: None, database: Database, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    set_up(app, now_utc)  # the library judges the age of what it verifies
    sender.cache_clear()
    client = FunctionClient(app, authorization=f"Bearer {api_key(database, 'webhooks:write')}")
    (interview,) = invite(database)
    with WebhookReceiver() as receiver:
        wanted = {"url": receiver.url, "secret": receiver.secret}
        assert client.post("/v1/webhook-endpoints", wanted).status == 201
        with app.changes() as tx:
            for kind in shipped().event_types:
                tx.process_log.append(interview, EventType(kind))
        assert client.objects(keys.event(interview, len(shipped().event_types))) == []
    assert [item.event["type"] for item in receiver.taken] == list(shipped().event_types)
    for item in receiver.taken:
        event = Webhook(receiver.secret).verify(item.body, item.headers)
        assert shipped().event(event) == []
        assert event["id"] == item.id


def test_the_product_makes_every_type_and_the_contract_has_each() -> None:
    """By the sources: a type that no function appends to the process log is one that no receiver ever hears of."""
    sources = [*Path("functions").rglob("*.py"), *Path("layers/core/greenroom").rglob("*.py")]
    made = {
        EventType[name].value
        for path in sources
        for name in re.findall(r"EventType\.([A-Z_]+)", path.read_text())
    }
    assert made == set(shipped().event_types)


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ({"type": "interview.unheard_of"}, "is no type of event"),
        ({"sequence": 0}, "$.sequence"),
        ({"data": {}}, "$.data"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_webhook_that_breaks_the_contract_is_named(
    change: dict[str, object], breach: str
) -> None:
    event = shipped().example("sync.event")
    assert shipped().event(event) == []
    assert breach in shipped().event(event | change)[0]
