"""status_sync killed at random moments: every step still arrives, in order, each under one id."""

import multiprocessing
import os
import random
import time
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

import pytest

from greenroom.adapters.database import Database
from greenroom.domain import keys
from greenroom.domain.events import EventType
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.faults.sync_worker import live
from tests.seeded import invite
from tests.thorough import lots
from tests.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.slow

KILLS = lots(5, long=50)
INTERVIEWS = 8
STEPS = list(EventType)[:8]
LEASE_AND_A_BIT_S = 61

IMPORTED_LATE = [
    "functions.status_sync.settings",
    "functions.status_sync.synchronise",
    "greenroom.adapters.database",
    "greenroom.adapters.object_store",
    "greenroom.runtime.logs",
]
"""Imported before a life is forked, which then begins without a second of imports."""


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.sync_worker", *IMPORTED_LATE])
    return context


def test_killed_at_random_moments(
    platform: None,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    processes: ForkServerContext,
) -> None:
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    environment = {name: os.environ[name] for name in os.environ if name.startswith("GREENROOM_")}
    chance = random.Random(20260305)
    with WebhookReceiver() as one, WebhookReceiver() as other:
        interviews, announced = steps_of_all(database, one, other)

        def life(number: int) -> BaseProcess:
            """Each sees a later time, at which the leases of the one before are over."""
            chance.shuffle(announced)
            shift_s = number * LEASE_AND_A_BIT_S
            worker = processes.Process(target=live, args=(environment, shift_s, announced))
            worker.start()
            return worker

        for number in range(KILLS):
            before = one.hits + other.hits
            worker = life(number)
            wanted = before + chance.randint(1, 3)
            deadline = time.monotonic() + 20
            while one.hits + other.hits < wanted and worker.is_alive():
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))
            worker.kill()
            worker.join()
        unfinished = len(one.taken) + len(other.taken) < 2 * len(announced)
        for number in (KILLS, KILLS + 1):
            worker = life(number)
            worker.join(60)
            assert worker.exitcode == 0
    assert unfinished, "the kills came too late to interrupt anything"
    for receiver in (one, other):
        assert all(item.verified for item in receiver.received)
        for interview in interviews:
            mine = [item for item in receiver.taken if item.step[0] == interview]
            assert [item.event["sequence"] for item in mine] == list(range(1, len(STEPS) + 1))
        # However often an event was sent, it had one id.
        assert len({item.id for item in receiver.received}) == len(announced)


def steps_of_all(database: Database, *receivers: WebhookReceiver) -> tuple[list[str], list[str]]:
    """Interviews with all `STEPS` in their logs and nothing announced; the keys of their events."""
    with database.begin() as tx:
        for receiver in receivers:
            tx.webhooks.add_endpoint(WebhookEndpointRequest(url=receiver.url), receiver.secret)
    interviews = invite(database, [f"候选人{number}" for number in range(INTERVIEWS)])
    announced = []
    for interview in interviews:
        for step in STEPS:
            with database.begin() as tx:
                row = tx.process_log.append(interview, step)
            announced.append(keys.event(interview, row.seq))
    return interviews, announced
