"""The invitation function over a pocket store and a SQLite file of its own, as its benchmarks need it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from greenroom.adapters.database import Database
from tests.invitation_fixtures import MODEL, TEMPLATE, add_keys, environment
from tests.pocket import BUCKET, Pocket, pocket_store


@contextmanager
def smtp_sink() -> Iterator[int]:
    """An SMTP server in a process of its own that takes everything and keeps nothing: its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    where = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", where]
    with _process(command):
        wait_for(port)
        yield port


@contextmanager
def settled_house(smtp_port: int, folder: Path) -> Iterator[tuple[Pocket, dict[str, str]]]:
    """A pocket store and a migrated, empty database; the settings are in the environment."""
    with pocket_store(folder / "store") as pocket:
        path = folder / "house.sqlite"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        keys = add_keys(database)
        database.close()
        settings = environment(pocket, BUCKET, path, smtp_port)
        before = dict(os.environ)
        os.environ.update(settings)
        try:
            yield pocket, keys
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def http_host(keys: dict[str, str]) -> Iterator[httpx.URL]:
    """The invitation function behind the real HTTP host, with a filled catalogue: where it listens."""
    command = [sys.executable, "-m", "greenroom.host.http", "--functions", "invitation"]
    with _process(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        with httpx.Client(base_url=url, timeout=60) as client:
            headers = {"Authorization": f"Bearer {keys['catalogue:write']}"}
            for kind, document in (("competency-models", MODEL), ("templates", TEMPLATE)):
                path = f"/v1/{kind}/{document['id']}"
                client.put(path, json=document, headers=headers).raise_for_status()
        yield httpx.URL(url)


@contextmanager
def _process(command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=stdout)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def wait_for(port: int) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")
