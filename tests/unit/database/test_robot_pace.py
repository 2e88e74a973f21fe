"""How fast a chat's robot is sent to: senders at once share one minute, and wait for no lock to find that out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from greenroom.adapters.database import AttemptMade, ClaimedDelivery, Database
from greenroom.domain.endpoint_kinds import ROBOT_MESSAGES_A_MINUTE
from greenroom.domain.events import EventType
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import Invite, Turnable

MOST = ROBOT_MESSAGES_A_MINUTE["wecom"]
URLS = [f"http://chat.example/cgi-bin/webhook/send?key={number}" for number in range(2)]


def owed(database: Database, invite: Invite, count: int) -> None:
    ids = invite(count)
    with database.begin() as tx:
        for url in URLS:
            wanted = WebhookEndpointRequest(kind="wecom", url=url, types=[EventType.CONSENT_GIVEN])
            tx.webhooks.add_endpoint(wanted, "")
        for interview in ids:
            row = tx.process_log.append(interview, EventType.CONSENT_GIVEN)
            assert row is not None
            tx.webhooks.fan_out(row.event)


def test_senders_at_once_share_the_minute(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    owed(database, invite, MOST + 10)

    def claim(owner: str) -> list[ClaimedDelivery]:
        found = []
        for _ in range(4):
            with database.begin() as tx:
                found += tx.webhooks.claim_due(owner, 60, 100)
        return found

    with ThreadPoolExecutor(4) as pool:
        claimed = [item for found in pool.map(claim, "abcd") for item in found]
    by_endpoint = {
        item.endpoint.url: [one for one in claimed if one.endpoint.url == item.endpoint.url]
        for item in claimed
    }
    assert {url: len(found) for url, found in by_endpoint.items()} == dict.fromkeys(URLS, MOST)
    with database.begin() as tx:
        made = AttemptMade(clock.now, 1, "http://chat.example", 200, "{}", None)
        tx.webhooks.delivered([(item, made) for item in claimed])
        assert tx.webhooks.claim_due("late", 60, 100) == []
    clock.turn(seconds=61)
    with database.begin() as tx:
        assert len(tx.webhooks.claim_due("next", 60, 100)) == 2 * 10
