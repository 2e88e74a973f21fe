"""Two of every function on a PostgreSQL that crashes again and again while they work: nothing is lost or done twice."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from greenroom.domain.interview import InterviewState
from greenroom.runtime.invocation import TICK_SOURCE
from greenroom_cli.demo.candidate import Candidate, Take
from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.demo.mail import personal_link
from greenroom_local.mailbox.letters import Letters
from greenroom_local.platform import PocketPlatform
from greenroom_local.ports import HOST, Ports
from greenroom_local.supervisor import Child
from tests.media_fixtures import MediaWorkshop
from tests.postgres import PostgresServer, skip_without_postgres
from tests.thorough import lots
from tests.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]

INVITED, RECORDED = lots(20, long=500), lots(1, long=10)
CRASHES = lots(1, long=8)
MAILS = INVITED + RECORDED
"""Each is invited, and who has submitted gets a receipt."""
SECONDS = 2
QUESTION = {"id": "q1", "text": {"en": "Tell us."}, "max_s": 600}
STEPS = ("answer.assembled", "answer.checked", "answer.analysed", "interview.scored")


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    skip_without_postgres()
    with PostgresServer() as server:
        yield server


@pytest.fixture
def platform(postgres: PostgresServer, tmp_path: Path) -> Iterator[PocketPlatform]:
    wanted = {"ports": "free", "database": postgres.url, "instances": 2}
    with PocketPlatform(tmp_path / "platform", **wanted) as platform:  # type: ignore[arg-type]
        yield platform


def until(true: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def second_door(platform: PocketPlatform) -> str:
    """Another process with every HTTP function beside the platform's own."""
    port = Ports.free().http
    names = ",".join(wired.name for wired in platform.wiring.values() if wired.http)
    arguments = ["--functions", names, "--port", str(port)]
    url = f"http://{HOST}:{port}"
    health = f"{url}/-/health"
    module = "greenroom.host.http"
    platform.supervisor.start(Child("http-2", module, arguments, platform.environment(), health))
    return url


class Crashing:
    """Crashes the server and starts it again, `CRASHES` times, while the block runs and as long as it takes."""

    def __init__(self, server: PostgresServer) -> None:
        self._thread = threading.Thread(target=self._run)
        self._server = server
        self.crashes = 0

    def __enter__(self) -> Crashing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        for _ in range(CRASHES):
            time.sleep(1.5)
            self._server.crash()
            time.sleep(0.5)
            self._server.start()
            self.crashes += 1


def ten_minutes_later(server: PostgresServer, platform: PocketPlatform) -> None:
    """What a broken transaction left with a sender is free and due again, and the schedule ticks."""
    engine = sa.create_engine(server.url)
    with engine.begin() as connection:
        for table, due in (("mails", "due_at"), ("deliveries", "next_attempt_at")):
            connection.execute(
                sa.text(
                    f"UPDATE {table} SET leased_until = NULL, owner = NULL, {due} = now() "
                    "WHERE state = 'pending'"
                )
            )
    engine.dispose()
    tick = {
        "source": TICK_SOURCE,
        "detail": {"name": "sweep"},
        "time": datetime.now(UTC).isoformat(),
    }
    for function in ("invitation", "status_sync"):
        platform.queue.send(function, json.dumps(tick))


def batch(numbers: range) -> dict[str, Any]:
    return {
        "template": "screening",
        "competency_model": "store-manager",
        "deadline": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "questions": [QUESTION],
        "candidates": [
            {"external_id": f"c{n}", "name": f"候选人{n}", "email": f"c{n}@example.com"}
            for n in numbers
        ],
    }


def test_every_mail_step_and_webhook_once(
    postgres: PostgresServer, platform: PocketPlatform, tmp_path: Path
) -> None:
    other_door = second_door(platform)
    recording = MediaWorkshop(tmp_path).webm(SECONDS, size="640x360")
    hr = HrSystem(platform.url, platform.api_key)
    hr.import_catalogue("store-manager", "screening")
    with WebhookReceiver() as receiver:
        receiver.secret = hr.register_webhook(receiver.url)
        wanted = batch(range(INVITED))
        key = {"Idempotency-Key": "season"}
        # HR's system asks both doors at once until each has answered.
        with Crashing(postgres) as while_inviting, ThreadPoolExecutor() as pool:
            asked = partial(patiently, platform.api_key, wanted, key)
            accepted = set(pool.map(asked, (platform.url, other_door)))
        assert len(accepted) == 1
        assert while_inviting.crashes == CRASHES
        ten_minutes_later(postgres, platform)
        until(lambda: len(mails(platform)) >= INVITED)

        with Crashing(postgres):
            for number in range(RECORDED):
                link = personal_link(platform.mailbox_url, f"c{number}@example.com", 30)
                door = (platform.url, other_door)[number % 2]
                candidate = Candidate(link.replace(platform.url, door))
                candidate.open_link()
                candidate.consent()
                take = Take("camera", recording, "video/webm", SECONDS)
                candidate.answer("q1", [take], part_bytes=40_000, progress=lambda sent: None)
                candidate.submit()
        ten_minutes_later(postgres, platform)
        with platform.database().begin() as tx:
            rows = tx.interviews.find(batch=accepted.pop(), limit=INVITED)
        taken_part = [row.id for row in rows if int(row.candidate_external_id[1:]) < RECORDED]

        def states() -> list[InterviewState]:
            with platform.database().begin() as tx:
                return [tx.interviews.get(one).state for one in taken_part]

        until(lambda: set(states()) == {InterviewState.SCORED})
        ten_minutes_later(postgres, platform)
        until(lambda: len(mails(platform)) >= MAILS)

        def logs() -> dict[str, list[str]]:
            with platform.database().begin() as tx:
                return {
                    row.id: [str(step.type) for step in tx.process_log.list(row.id)] for row in rows
                }

        until(lambda: len(receiver.taken) == sum(map(len, logs().values())))
        logged = logs()

    assert len(rows) == INVITED
    ids = {(message["To"], message["Message-ID"]) for message in mails(platform)}
    assert len(ids) == MAILS, "a mail that came twice is the same mail"
    for interview, steps in logged.items():
        assert steps.count("interview.created") == steps.count("interview.invited") == 1
        sequence = [item.event["sequence"] for item in receiver.taken if item.step[0] == interview]
        assert sequence == list(range(1, len(steps) + 1))
    for interview in taken_part:
        assert [logged[interview].count(step) for step in STEPS] == [1, 1, 1, 1]
    assert [platform.queue.depth(name).dead for name in platform.wiring] == [0] * len(
        platform.wiring
    )


def patiently(key: str, body: dict[str, Any], headers: dict[str, str], door: str) -> str:
    """The batch that a caller gets who asks again after every 5xx, as docs/integration.md tells them to."""
    deadline = time.monotonic() + 120
    while True:
        asked = {"Authorization": f"Bearer {key}", **headers}
        answer = httpx.post(f"{door}/v1/batches", json=body, headers=asked, timeout=60)
        if answer.status_code == 202:
            return str(answer.json()["batch"])
        assert answer.status_code >= 500, answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)


def mails(platform: PocketPlatform) -> list[Any]:
    letters = Letters(platform.data / "mails")
    return [
        message_from_bytes(letters.raw(mail.id)) for mail in letters.newest_first(limit=2 * MAILS)
    ]
