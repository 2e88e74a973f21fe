"""A house in which the invitation function lives: pocket store, SQLite, a real SMTP server, a clock to turn."""

from __future__ import annotations

import email
import json
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from importlib import import_module
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.runtime.function import Function
from greenroom.runtime.tokens import new_api_key
from tests.function_client import FunctionClient
from tests.pocket import Pocket
from tests.seeded import DATABASE_KEY

TOKEN_KEY = "t" * 32
START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
DEADLINE = "2026-06-30T18:00:00+08:00"

MODEL: dict[str, Any] = {
    "id": "store-manager",
    "job": {"zh-CN": "零售店长", "en": "Store manager"},
    "competencies": [
        {
            "id": name,
            "name": {"zh-CN": name, "en": name},
            "weight": weight,
            "indicators": [{"id": f"{name}-i", "name": {"en": name}, "weight": 100}],
        }
        for name, weight in (("communication", 60), ("resilience", 40))
    ],
}
QUESTION: dict[str, Any] = {
    "id": "intro",
    "text": {"zh-CN": "请介绍自己。", "en": "Introduce yourself."},
    "competencies": ["communication"],
    "think_s": 30,
    "max_s": 120,
}
TEMPLATE: dict[str, Any] = {
    "id": "screening",
    "scenario": "screening",
    "name": {"zh-CN": "初筛", "en": "Screening"},
    "questions": [QUESTION],
}


class Clock:
    """Time that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


class Sink:
    """An SMTP server that keeps what it takes. `answers` refuses recipients by address."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.answers: dict[str, str] = {}
        self.arrived = threading.Condition()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.up()

    def up(self) -> None:
        self._controller = Controller(self, "127.0.0.1", self.port)
        self._controller.start()

    def down(self) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.original_content, bytes)
        with self.arrived:
            self.mails.append((envelope.rcpt_tos[0], envelope.original_content))
            self.arrived.notify_all()
        return f"250 2.0.0 queued as {len(self.mails)}"

    def wait_for(self, count: int, seconds: float = 30) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, seconds)

    def messages(self) -> list[EmailMessage]:
        read = [email.message_from_bytes(raw, policy=SMTP_POLICY) for _, raw in self.mails]
        return [message for message in read if isinstance(message, EmailMessage)]

    def counts(self) -> Counter[str]:
        """How many mails each address got."""
        return Counter(address for address, _ in self.mails)


@dataclass
class House:
    """One installation as the invitation function sees it."""

    clock: Clock
    sink: Sink
    environment: dict[str, str]
    app: Function[Any]
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> ObjectStore:
        return self.app.store

    @property
    def database(self) -> Database:
        return self.app.database

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        scope: str = "batches:write",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """One HTTP request with a key that has `scope` ("" for none): status and JSON."""
        authorization = {"authorization": f"Bearer {self.keys[scope]}"} if scope else {}
        answer = FunctionClient(self.app).request(
            method,
            path,
            body=body if isinstance(body, str | bytes) else json.dumps(body),
            headers={**authorization, **(headers or {})},
        )
        return answer.status, answer.json()

    def fill_catalogue(self) -> None:
        for path, document in (
            ("competency-models/store-manager", MODEL),
            ("templates/screening", TEMPLATE),
        ):
            status, answer = self.call("PUT", f"/v1/{path}", document, scope="catalogue:write")
            assert status == 200, answer

    def invite(self, count: int, *, key: str | None = None, **head: Any) -> str:
        """POST a batch of `count` good candidates; the batch's id. No event is delivered yet."""
        headers = {"Idempotency-Key": key} if key else {}
        status, answer = self.call("POST", "/v1/batches", batch(count, **head), headers=headers)
        assert status == 202, answer
        return str(answer["batch"])

    def notify(self, *keys: str) -> list[int]:
        """Deliver the store's events of these objects; the numbers of those to be tried again."""
        return FunctionClient(self.app).objects(*keys)

    def slices(self, batch_id: str) -> list[str]:
        return [found.key for found in self.store.listing(f"slices/{batch_id}/")]

    def work_off(self, batch_id: str) -> None:
        """All events of a batch, once each and in order."""
        assert self.notify(f"batches/{batch_id}.json") == []
        assert self.notify(*self.slices(batch_id)) == []

    def sweep(self) -> None:
        FunctionClient(self.app).tick("sweep")

    def progress(self, batch_id: str) -> dict[str, Any]:
        status, answer = self.call("GET", f"/v1/batches/{batch_id}")
        assert status == 200, answer
        return dict(answer)

    def logs(self, batch_id: str) -> dict[str, list[str]]:
        """The process log of each of the batch's interviews, by candidate."""
        with self.database.begin() as tx:
            interviews = tx.interviews.find(batch=batch_id, limit=10_000)
            return {
                row.candidate_external_id: [
                    str(entry.event.type) for entry in tx.process_log.list(row.id)
                ]
                for row in interviews
            }


def candidate(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "external_id": f"c{number}",
        "name": f"候选人{number}",
        "email": f"c{number}@example.com",
        **fields,
    }


def batch(count: int, **head: Any) -> dict[str, Any]:
    rows = [candidate(number) for number in range(count)]
    return {
        "template": "screening",
        "competency_model": "store-manager",
        "deadline": DEADLINE,
        "candidates": rows,
        **head,
    }


def fresh_app() -> Function[Any]:
    """The function's app as a new process would import it: nothing cached."""
    sys.modules.pop("functions.invitation.app", None)
    app: Function[Any] = import_module("functions.invitation.app").app
    return app


def environment(pocket: Pocket, bucket: str, database: Path, smtp_port: int) -> dict[str, str]:
    return {
        **pocket.environment,
        "GREENROOM_STORE__BUCKET": bucket,
        "GREENROOM_DATABASE__URL": f"sqlite:///{database}",
        "GREENROOM_DATABASE__KEYS": json.dumps([DATABASE_KEY]),
        "GREENROOM_MAIL__HOST": "127.0.0.1",
        "GREENROOM_MAIL__PORT": str(smtp_port),
        "GREENROOM_MAIL__SENDER": "星河零售 <hr@example.com>",
        "GREENROOM_MAIL__TIMEOUT_S": "5",
        "GREENROOM_LINKS__PUBLIC_URL": "https://interview.example.com",
        "GREENROOM_TOKENS__KEY": TOKEN_KEY,
    }


def add_keys(database: Database) -> dict[str, str]:
    """An API key for each scope, by scope; "all" has every one."""
    scopes = {"batches:write": ["batches:write"], "catalogue:write": ["catalogue:write"]}
    scopes["interviews:read"] = ["interviews:read"]
    scopes["candidates:write"] = ["candidates:write"]
    keys = {}
    with database.begin() as tx:
        for name, granted in scopes.items():
            key_id, plain, digest = new_api_key()
            tx.api_keys.add(key_id, digest, granted, name)
            keys[name] = plain
    return keys
