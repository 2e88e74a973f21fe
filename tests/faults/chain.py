"""The whole chain with workers in the test's hand: each can be killed, each message sent again in any order."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

from greenroom.host.worker import TICK_SOURCE
from greenroom_cli.demo.candidate import Candidate, Take
from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.demo.mail import personal_link
from greenroom_local.mailbox.letters import Letters
from greenroom_local.platform import PocketPlatform
from greenroom_local.queue import Queue
from tests.webhook_receiver import WebhookReceiver

FUNCTIONS = ("invitation", "chunk_assembly", "quality_check", "analysis", "status_sync")
MANY = 10_000
DEADLINE = datetime.now(UTC) + timedelta(days=1)
"""The same for every chain of a test run: ids derive from the batch's body."""
_PRELOAD = [
    "greenroom.host.worker",
    "greenroom.runtime.logs",
    "greenroom.adapters.database",
    "greenroom.adapters.object_store",
    "functions.invitation.app",
    "functions.invitation.settings",
    "functions.invitation.invite",
    "functions.invitation.deliver",
    "functions.chunk_assembly.app",
    "functions.chunk_assembly.settings",
    "functions.chunk_assembly.assemble",
    "functions.quality_check.app",
    "functions.quality_check.settings",
    "functions.analysis.app",
    "functions.analysis.settings",
    "functions.status_sync.app",
    "functions.status_sync.settings",
    "functions.status_sync.synchronise",
    "greenroom_media.detect",
    "greenroom_speech.module",
    "greenroom_vision.module",
]


def work(environment: dict[str, str], function: str, folder: str) -> None:
    """A worker's life in a process of its own: until its queue holds nothing that is due."""
    os.environ.update(environment)
    from greenroom.host.wiring import load_function
    from greenroom.host.worker import Worker
    from greenroom.runtime import logs

    logs.configure()
    queue = Queue(Path(folder), max_receives=MANY, backoff_base_s=0.01, backoff_cap_s=0.05)
    worker = Worker(load_function(function), queue, owner=function)
    while worker.run_once(wait_s=0.1):
        pass


@dataclass
class Chain:
    """One platform without workers, a receiver, and what was ever put into the queues."""

    platform: PocketPlatform
    receiver: WebhookReceiver
    sent: list[tuple[str, str]] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._folder = self.platform.data / "store"
        self.queue = Queue(self._folder, max_receives=MANY)
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(_PRELOAD)

    # --- the story, as HR and the candidate tell it

    def invite(self) -> None:
        hr = HrSystem(self.platform.url, self.platform.api_key)
        hr.import_catalogue("store-manager", "screening")
        self.receiver.secret = hr.register_webhook(self.receiver.url)
        question = {"id": "q1", "text": {"en": "Tell us."}, "max_s": 600}
        candidate = {"external_id": "c1", "name": "李明", "email": "c1@example.com"}
        wanted = {"model": "store-manager", "template": "screening", "deadline": DEADLINE}
        hr.invite(candidate, question, **wanted)

    def answer(self, recording: Path, seconds: float) -> None:
        candidate = Candidate(personal_link(self.platform.mailbox_url, "c1@example.com", 10))
        self.interview = str(candidate.open_link()["interview"])
        candidate.consent()
        take = Take("camera", recording, "video/webm", seconds)
        candidate.answer("q1", [take], part_bytes=40_000, progress=lambda sent: None)
        candidate.submit()

    # --- the workers

    def drain(self, function: str) -> float:
        """Work a queue off undisturbed; the seconds it took."""
        started = time.monotonic()
        self._note()
        process = self._start(function)
        process.join(120)
        assert process.exitcode == 0, function
        self._note()
        return time.monotonic() - started

    def drain_killing(
        self, function: str, kills: int, chance: random.Random, within_s: float
    ) -> None:
        """Work a queue off while its worker is killed `kills` times, each at a random moment.

        A worker that finishes first gets the same messages again, as at-least-once delivery may.
        """
        done = 0
        while done < kills:
            self._note()
            if not self._pending(function):
                self.send_again(function)
            process = self._start(function)
            process.join(chance.uniform(0, within_s))
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                done += 1
            process.join(10)
            self.queue.release_owner(function)
        self.kills[function] = done
        self._settle(function)

    def leases_are_over(self, function: str) -> None:
        """What killed senders held is free, as it is a minute later; then a tick of the schedule."""
        with sqlite3.connect(self.platform.data / "greenroom.sqlite", timeout=30) as connection:
            for table in ("mails", "deliveries"):
                connection.execute(f"UPDATE {table} SET leased_until = NULL, owner = NULL")
        tick = {"source": TICK_SOURCE, "detail": {"name": "sweep"}, "time": DEADLINE.isoformat()}
        self.queue.send(function, json.dumps(tick))
        self._settle(function)

    def send_again(self, *functions: str) -> None:
        for function, body in list(self.sent):
            if function in functions:
                self.queue.send(function, body)

    def _settle(self, function: str) -> None:
        deadline = time.monotonic() + 60
        while self._pending(function):
            assert time.monotonic() < deadline, f"{function} does not come to rest"
            self.drain(function)

    def settle_all(self) -> None:
        for _ in range(3):
            for function in FUNCTIONS:
                self._settle(function)

    def _start(self, function: str) -> Any:
        environment = self.platform.environment()
        process = self._processes.Process(
            target=work, args=(environment, function, str(self._folder))
        )
        process.start()
        return process

    def _pending(self, function: str) -> int:
        depth = self.queue.depth(function)
        return depth.visible + depth.delayed + depth.leased

    def _note(self) -> None:
        """Remember every message that was ever in a queue."""
        path = next(self._folder.glob("*.sqlite"))
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT queue, body FROM messages ORDER BY id").fetchall()
        self.sent += [row for row in rows if row not in self.sent]

    # --- what came of it

    def outcome(self) -> dict[str, Any]:
        """Everything that must not depend on kills, repeats or order."""
        store = self.platform.object_store()
        objects = {
            item.key: store.get(item.key)
            for prefix in ("recordings/", "reports/")
            for item in store.listing(prefix)
        }
        with self.platform.database().begin() as tx:
            log = tx.process_log.list(self.interview)
            state = tx.interviews.get(self.interview).state
        return {
            "objects": objects,
            "state": state,
            "steps": sorted(row.type for row in log),
            "sequence": [row.seq for row in log],
        }

    def webhooks(self) -> list[tuple[int, str]]:
        """(sequence, id) of what the receiver keeps, in order of arrival."""
        return [(item.event["sequence"], item.id) for item in self.receiver.taken]

    def message_ids(self) -> set[str]:
        letters = Letters(self.platform.data / "mails")
        raw = [letters.raw(mail.id) for mail in letters.newest_first()]
        return {str(message_from_bytes(content)["Message-ID"]) for content in raw}


def with_the_same_secrets(folder: Path, other: Path) -> Path:
    """A second data folder whose ids will be those of the first: they derive from the API key's."""
    other.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "secrets.json", other / "secrets.json")
    return other
