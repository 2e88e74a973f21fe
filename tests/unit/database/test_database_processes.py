"""Several processes on one database, some of them killed: no number lost or given twice, one winner each."""

from __future__ import annotations

import multiprocessing
import time
from datetime import datetime
from multiprocessing.context import ForkServerContext

import pytest

from greenroom.adapters.database import Database, NewMail
from greenroom.domain.errors import Conflict
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import Invite, Turnable

pytestmark = pytest.mark.slow

WORKERS = 3
MAILS = 40
MARKS = 10
KILLS = 4


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.database.test_database_processes"])
    return context


def take_everything(url: str, now: datetime, ids: list[str], results: object) -> None:
    """One process's life: what it won of everything there is to win."""
    database = Database(url, clock=lambda: now)
    won: list[str] = []
    for mark in range(MARKS):
        with database.begin() as tx:
            if tx.process_log.append(ids[0], EventType.CONSENT_GIVEN, once=f"mark{mark}"):
                won.append(f"mark {mark}")
            tx.process_log.append(ids[0], EventType.ANSWER_STARTED)
        try:
            with database.begin() as tx:
                if tx.idempotency.begin("s", f"key{mark}", "f") is None:
                    won.append(f"key {mark}")
        except Conflict as error:
            assert error.code == "in_progress"
        with database.begin() as tx:
            if tx.interviews.move(ids[mark], InterviewState.OPENED):
                won.append(f"move {mark}")
    owner = multiprocessing.current_process().name
    while True:
        with database.begin() as tx:
            mails = tx.mails.claim(4, owner, 600)
            heads = tx.webhooks.claim_due(owner, 600, 4)
        if not mails and not heads:
            break
        won += [f"mail {mail.interview_id}" for mail in mails]
        won += [f"head {head.row.interview_id}" for head in heads]
    results.put(won)  # type: ignore[attr-defined]


def test_everything_has_one_winner(
    database: Database, url: str, invite: Invite, clock: Turnable, processes: ForkServerContext
) -> None:
    ids = invite(MAILS)
    with database.begin() as tx:
        tx.mails.queue_many([NewMail(interview, "created", 1) for interview in ids])
        tx.webhooks.add_endpoint(WebhookEndpointRequest(url="http://ehr.example"), "whsec_x")
        for interview in ids:
            for _ in range(2):
                row = tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
                assert row is not None
                tx.webhooks.fan_out(row.event)
    results = processes.Queue()
    workers = [
        processes.Process(target=take_everything, args=(url, clock.now, ids, results))
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    won = [item for _ in workers for item in results.get(timeout=60)]
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    wanted = [f"{what} {mark}" for what in ("mark", "key", "move") for mark in range(MARKS)]
    wanted += [f"{what} {interview}" for what in ("mail", "head") for interview in ids]
    assert sorted(won) == sorted(wanted)
    with database.begin() as tx:
        numbers = [step.seq for step in tx.process_log.list(ids[0])]
    assert numbers == list(range(1, 2 + MARKS + WORKERS * MARKS + 1))


def append_for_ever(url: str, interview: str) -> None:
    database = Database(url)
    while True:
        with database.begin() as tx:
            tx.process_log.append(interview, EventType.ANSWER_STARTED)
            tx.process_log.append(interview, EventType.ANSWER_SEALED)


def steps_until(database: Database, interview: str, count: int) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with database.begin() as tx:
            numbers = [step.seq for step in tx.process_log.list(interview)]
        if len(numbers) >= count:
            return numbers
        time.sleep(0.05)
    raise AssertionError(f"{count} steps were not written within a minute")


def test_killed_writers_leave_whole_transactions(
    database: Database, url: str, invite: Invite, processes: ForkServerContext
) -> None:
    [interview] = invite()
    written = 0
    for number in range(KILLS):
        pair = [processes.Process(target=append_for_ever, args=(url, interview)) for _ in range(2)]
        for worker in pair:
            worker.start()
        # Killed after a different number of steps each time, in the middle of whatever comes next.
        steps_until(database, interview, written + 5 + 3 * number)
        for worker in pair:
            worker.kill()
            worker.join(30)
        # PostgreSQL may take a moment to notice; the row's lock tells when it has.
        with database.begin() as tx:
            tx.process_log.append(interview, EventType.INTERVIEW_OPENED, once=f"after {number}")
        with database.begin() as tx:
            steps = tx.process_log.list(interview)
        assert [step.seq for step in steps] == list(range(1, len(steps) + 1))
        kinds = [step.type for step in steps]
        assert kinds.count(EventType.ANSWER_STARTED) == kinds.count(EventType.ANSWER_SEALED)
        written = len(steps)
