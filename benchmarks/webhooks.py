"""10,000 webhooks to a local receiver against httpx posting the same signed bytes.

The receiver is a process of its own. Ours includes claiming from the database, signing, sending, and committing
each delivery with its attempt, in order per interview. The floor is `httpx.AsyncClient` with as many requests at
once, its bodies signed beforehand. `claim_ms` is the time to find what is due for a receiver that is well while
another has a backlog of all those events, and `claim_ms_alone` without that backlog.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from benchmarks.house import settled_house, wait_for
from benchmarks.table import alternate, heading, row
from functions.status_sync.app import app
from functions.status_sync.delivery import IN_FLIGHT, LEASE_S, deliver
from greenroom.adapters.database.tables import deliveries, webhook_endpoints
from greenroom.adapters.webhooks import CONTENT_TYPE, signed_headers
from greenroom.clock import now_utc
from greenroom.domain.events import EventType
from greenroom.domain.webhook import PAUSED_AFTER, WebhookEndpointRequest
from tests.seeded import invite, set_up

WEBHOOKS = 10_000
STEPS = 5
RUNS = 3
SECRET = "whsec_" + "QUJD" * 11


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, settled_house(1, Path(folder)), sink() as url:
        os.environ["GREENROOM_WEBHOOKS__ALLOW"] = '["127.0.0.1"]'
        set_up(app)
        interviews = invite(app.database, [f"c{number}" for number in range(WEBHOOKS // STEPS)])
        with app.database.begin() as tx:
            endpoint = tx.webhooks.add_endpoint(WebhookEndpointRequest(url=url), SECRET).id
            for _ in range(STEPS):
                for one in interviews:
                    step = tx.process_log.append(one, EventType.ANSWER_STARTED)
                    assert step is not None
                    tx.webhooks.fan_out(step.event)
                    tx.process_log.mark_published([(one, step.seq)])
        bodies = signed()
        heading()
        found = alternate(RUNS, ours=lambda: ours(endpoint), floor=lambda: floor(url, bodies))
        alone, beside = claims(endpoint)
        print(
            f"finding what is due: {alone:.1f} ms, beside a receiver that is down {beside:.1f} ms"
        )
        app.database.close()
    return {
        "webhooks_vs_httpx": row(f"{WEBHOOKS} webhooks", found["ours"], found["floor"], "s", 1.5),
        "webhook_claim_ms_alone": alone,
        "webhook_claim_ms": beside,
    }


def ours(endpoint: str) -> float:
    """Seconds to deliver all of them, again each time."""
    with app.database.begin() as tx:
        tx.webhooks.resend_since(endpoint, now_utc() - timedelta(days=1), ["pending", "delivered"])
    started = time.perf_counter()
    deliver(
        app,
        lambda tx, owner, most, under_way: tx.webhooks.claim_due(owner, LEASE_S, most, under_way),
    )
    took = time.perf_counter() - started
    with app.database.begin() as tx:
        assert tx.webhooks.deliveries(state="pending", limit=1) == []
    return took


def floor(url: str, bodies: list[tuple[bytes, dict[str, str]]]) -> float:
    """Seconds that httpx alone takes."""

    async def post_all() -> None:
        left = iter(bodies)

        async def post() -> None:
            for body, headers in left:
                (await client.post(url, content=body, headers=headers)).raise_for_status()

        async with httpx.AsyncClient() as client:
            await asyncio.gather(*(post() for _ in range(16)))

    started = time.perf_counter()
    asyncio.run(post_all())
    return time.perf_counter() - started


def signed() -> list[tuple[bytes, dict[str, str]]]:
    with app.database.begin() as tx:
        found = tx.webhooks.deliveries(limit=WEBHOOKS)
        bodies = [
            (
                one.event_id,
                tx.process_log.event(one.interview_id, one.seq).canonical().rstrip(b"\n"),
            )
            for one in found
        ]
    now = now_utc()
    return [
        (body, {"Content-Type": CONTENT_TYPE, **signed_headers(event, body, [SECRET], now)})
        for event, body in bodies
    ]


def claims(endpoint: str) -> tuple[float, float]:
    """Milliseconds to claim 64 of one receiver, alone and beside one that is down with everything due."""
    times: list[float] = []
    for beside in (False, True):
        with app.database.begin() as tx:
            tx.webhooks.resend_since(endpoint, now_utc() - timedelta(days=1), ["delivered"])
        if beside:
            add_down(endpoint)
        started = time.perf_counter()
        with app.database.begin() as tx:
            claimed = tx.webhooks.claim_due("bench", LEASE_S, IN_FLIGHT)
        times.append((time.perf_counter() - started) * 1000)
        assert {one.row.endpoint_id for one in claimed} == {endpoint}
        with app.database.begin() as tx:
            for one in claimed:
                tx.webhooks.resend(endpoint, one.row.event_id)
    return times[0], times[1]


def add_down(endpoint: str) -> None:
    """A receiver that is left alone for an hour, owed as many webhooks as the other."""
    with app.database.begin() as tx:
        url = WebhookEndpointRequest(url="http://127.0.0.1:1/nobody")
        down = tx.webhooks.add_endpoint(url, SECRET).id
    later = now_utc() + timedelta(hours=1)
    with app.database.engine.begin() as connection:
        connection.execute(
            sa.update(webhook_endpoints)
            .where(webhook_endpoints.c.id == down)
            .values(failures=PAUSED_AFTER, failing_since=now_utc(), paused_until=later)
        )
        columns = [column for column in deliveries.c if column is not deliveries.c.endpoint_id]
        copied = sa.select(sa.literal(down), *columns).where(deliveries.c.endpoint_id == endpoint)
        names = ["endpoint_id", *(column.name for column in columns)]
        connection.execute(sa.insert(deliveries).from_select(names, copied))


@contextmanager
def sink() -> Iterator[str]:
    """A receiver in a process of its own that takes everything: its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "--log-level", "error", "--port", str(port)]
    process = subprocess.Popen([*command, "benchmarks.webhook_sink:app"])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}/hooks"
    finally:
        process.terminate()
        process.wait(15)
