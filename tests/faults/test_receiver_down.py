"""A receiver that is down for three days, as its clock runs, and comes back: all is delivered, in order, once."""

from datetime import timedelta

import pytest

from functions.status_sync.app import app
from functions.status_sync.delivery import sender
from greenroom.adapters.database import Database
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, invite, set_up
from tests.webhook_receiver import WebhookReceiver

OUTAGE = timedelta(days=3)
TURN = timedelta(hours=2)


def test_three_days_down_and_back(
    platform: None, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    clock = SettableClock()
    set_up(app, clock)
    sender.cache_clear()
    client = FunctionClient(app)
    interviews = invite(database, [f"候选人{number}" for number in range(12)])
    written = dict.fromkeys(interviews, 0)

    def step(interview: str) -> None:
        with app.changes() as tx:
            row = tx.process_log.append(interview, EventType.ANSWER_STARTED)
        written[interview] += 1
        client.objects(keys.event(interview, row.seq))

    with WebhookReceiver() as well, WebhookReceiver(lambda event: 503) as ill:
        with app.database.begin() as tx:
            for receiver in (well, ill):
                tx.webhooks.add_endpoint(WebhookEndpointRequest(url=receiver.url), receiver.secret)
        for number in range(OUTAGE // TURN):
            step(interviews[number % len(interviews)])
            clock.advance(TURN)
            client.tick("sweep")
            assert len(well.taken) == number + 1, "the one that is down delayed the other"
        assert ill.taken == []
        assert ill.hits < 3 * OUTAGE // TURN, "a receiver that is down is not hammered"
        ill.answers = lambda event: 204
        step(interviews[0])
        clock.advance(timedelta(minutes=16))  # longer than any pause
        client.tick("sweep")
        for receiver in (well, ill):
            for interview, steps in written.items():
                mine = [item for item in receiver.taken if item.step[0] == interview]
                assert [item.event["sequence"] for item in mine] == list(range(1, steps + 1))
                assert len({item.id for item in mine}) == steps
        assert len({item.id for item in ill.received}) == sum(written.values())
        assert {item.id for item in ill.received} == {item.id for item in well.received}
