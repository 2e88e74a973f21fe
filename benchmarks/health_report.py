"""What one health report costs: CPU of the API's process and of PostgreSQL, counted in /proc.

Fifty candidates report in turn over kept connections, one request at a time, so that no other process's load is in the
figures beyond what it takes from the caches. Beside it: the host answering its own probe, which is HTTP alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.processes import cpu_s
from greenroom.host.wiring import read_wiring
from tests.pocket import pocket_store
from tests.postgres import PostgresServer
from tests.seeded import candidate_token, environment, invite, opened

CANDIDATES = 50
WARM_UP, ROUNDS = 4, 40
"""Reports of each candidate."""
EVERY = timedelta(seconds=5)
"""Between two samples."""


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of one request."""

    api: float
    database: float


@dataclass(frozen=True)
class Served:
    """The API over PostgreSQL, and what identifies its candidates."""

    connection: HTTPConnection
    tokens: list[str]
    api: int
    database: int

    def post(self, token: str, document: object) -> None:
        """Raises AssertionError for any answer but 200."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.connection.request("POST", "/v1/candidate/health", json.dumps(document), headers)
        answer = self.connection.getresponse()
        found = answer.read()
        assert answer.status == 200, found

    def probe(self) -> None:
        self.connection.request("GET", "/-/health")
        self.connection.getresponse().read()

    def cost(self, what: Callable[[], object], requests: int) -> Cost:
        before = cpu_s(self.api), cpu_s(self.database)
        what()
        after = cpu_s(self.api), cpu_s(self.database)
        api, database = (
            (later - sooner) * 1000 / requests for sooner, later in zip(before, after, strict=True)
        )
        return Cost(api, database)


def run() -> dict[str, float]:
    figures = {}
    with served() as house:
        began = datetime.now(UTC) - timedelta(hours=2)
        _reports(house, began, WARM_UP, 1)
        requests = ROUNDS * CANDIDATES
        bare = house.cost(lambda: [house.probe() for _ in range(requests)], requests)
        print(f"{'':<34} {'our API':>10} {'database':>10}   CPU ms")
        print(f"{'the host answers its own probe':<34} {bare.api:10.2f} {bare.database:10.2f}")
        for samples in (1, 3):
            began += timedelta(minutes=30)
            spent = house.cost(partial(_reports, house, began, ROUNDS, samples), requests)
            print(f"{f'a report of {samples}':<34} {spent.api:10.2f} {spent.database:10.2f}")
            figures |= {
                f"health_report_{samples}_api_ms": spent.api,
                f"health_report_{samples}_database_ms": spent.database,
            }
    return figures


def _reports(house: Served, began: datetime, rounds: int, samples: int) -> None:
    """`rounds` reports of each candidate, each of so many samples."""
    at = began
    for _ in range(rounds):
        told = [_sample(at + number * EVERY) for number in range(samples)]
        at += samples * EVERY
        for token in house.tokens:
            house.post(token, {"samples": told})


def _sample(at: datetime) -> dict[str, object]:
    return {
        "at": at.isoformat(),
        "phase": "recording",
        "answer": "q1",
        "attempt": None,
        "fps": 29.97,
        "snr_db": 31.5,
        "level_dbfs": -24.0,
        "camera": "ok",
        "screen_width": None,
        "screen_height": None,
        "waiting_s": 0,
        "pending_bytes": 0,
        "online": True,
    }


@contextmanager
def served() -> Iterator[Served]:
    """Every function that answers HTTP in one process, as a deployment runs them."""
    names = ",".join(wired.name for wired in read_wiring().values() if wired.http)
    command = [sys.executable, "-m", "greenroom.host.http", "--functions", names]
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer() as postgres,
        pocket_store(Path(folder) / "store") as pocket,
    ):
        database = opened(postgres.url)
        database.migrate()
        people = invite(database, [f"候选人{number}" for number in range(CANDIDATES)])
        database.close()
        settings = {
            **os.environ,
            **environment(postgres.url),
            **pocket.environment,
            "GREENROOM_MAIL__HOST": "127.0.0.1",
            "GREENROOM_MAIL__SENDER": "hr@example.com",
        }
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=settings) as process:
            assert process.stdout is not None
            address = urlsplit(process.stdout.readline().decode().strip())
            assert address.hostname is not None
            connection = HTTPConnection(address.hostname, address.port)
            tokens = [candidate_token(person) for person in people]
            try:
                yield Served(connection, tokens, process.pid, postgres.pid)
            finally:
                connection.close()
                process.terminate()
                process.wait(15)
