"""The object stores that the conformance suite runs against: pocket, moto, and any real one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from greenroom_local.queue import Queue

ACCESS_KEY, SECRET_KEY = "conformancekey", "conformancesecret"
REGION = "us-east-1"
DEADLINE_S = 20.0
"""How long any condition is awaited."""

MOTO_LACKS = {
    "signatures": "moto checks no signature and no expiry",
    "policies": "moto enforces no POST policy",
    "form": "moto does not parse S3's form fields as S3 does",
    "refusals": "moto does not check what this test demands",
    "part lists": "moto does not check the list of parts",
    "aborted uploads": "moto answers 500 to whatever concerns an aborted upload",
    "whole forms": "moto stores a form that is cut short",
    "preflight": "moto answers OPTIONS by itself, whatever the bucket says",
    "cors": "moto adds its own CORS headers, whatever the bucket says",
}
CEPH_LACKS = {
    "queue notifications": "Ceph tells topics (over AMQP), not queues",
    "part lists": "Ceph wants every part listed, and sorts the list itself",
    "aborted uploads": "Ceph answers 500 to whatever concerns an aborted upload",
    "whole forms": "Ceph stores a form that is cut short",
}
"""Found with Ceph 16. The product relies on none of these."""


@dataclass
class Store:
    """One store under test. `lacks` maps a feature to the reason why its tests are skipped."""

    name: str
    url: str
    access_key: str
    secret_key: str
    lacks: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def needs(self, *features: str) -> None:
        for feature in features:
            if feature in self.lacks:
                pytest.skip(f"{self.name}: {self.lacks[feature]}")

    def client(self, service: str = "s3", **config: Any) -> Any:
        return boto3.session.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=REGION,
        ).client(
            service,
            endpoint_url=self.url,
            config=Config(
                **{
                    "signature_version": "s3v4" if service == "s3" else None,
                    "s3": {"addressing_style": "path"},
                    "request_checksum_calculation": "when_required",
                    "response_checksum_validation": "when_required",
                    "retries": {"mode": "standard", "total_max_attempts": 1},
                    **config,
                }
            ),
        )

    def messages(self, queue: str, count: int) -> list[str]:
        """`count` message bodies from a queue, awaited."""
        bodies: list[str] = []
        deadline = time.monotonic() + DEADLINE_S
        while len(bodies) < count and time.monotonic() < deadline:
            bodies += self._received(queue)
        return bodies

    def _received(self, queue: str) -> list[str]:
        if self.folder is not None:
            pocket = Queue(self.folder)
            bodies = []
            for message in pocket.receive(queue, "test", 30, 10, wait_s=1):
                bodies.append(message.body)
                pocket.delete(message.receipt)
            pocket.close()
            return bodies
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies = [message["Body"] for message in found.get("Messages", [])]
        return [body for body in bodies if json.loads(body).get("Event") != "s3:TestEvent"]


@contextmanager
def pocket_store(folder: Path, *options: str) -> Iterator[Store]:
    """A real server process on a free port."""
    server = start_pocket(folder, *options)
    try:
        yield server.store
    finally:
        server.stop()


@dataclass
class PocketServer:
    """A server process that a test may kill."""

    process: subprocess.Popen[str]
    store: Store

    def stop(self) -> int:
        self.process.terminate()
        return self._wait()

    def kill(self) -> int:
        """kill -9: nothing gets a chance to tidy up."""
        self.process.kill()
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def start_pocket(folder: Path, *options: str) -> PocketServer:
    keys = {"GREENROOM_STORE_ACCESS_KEY": ACCESS_KEY, "GREENROOM_STORE_SECRET_KEY": SECRET_KEY}
    process = subprocess.Popen(
        [sys.executable, "-m", "greenroom_local.object_store", "--data", str(folder), *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **keys},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    store = Store("pocket", url, ACCESS_KEY, SECRET_KEY, folder=folder)
    await_health(f"{url}/-/health", process)
    return PocketServer(process, store)


@contextmanager
def moto_store() -> Iterator[Store]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.platform.moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await_health(f"{url}/moto-api/", process)
        yield Store("moto", url, ACCESS_KEY, SECRET_KEY, MOTO_LACKS)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def named_store() -> Store | None:
    """The store that the environment names, if it does."""
    names = ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY")
    values = [os.environ.get(f"GREENROOM_TEST_S3_{name}") for name in names]
    if not all(values):
        return None
    url, access_key, secret_key = (str(value) for value in values)
    return Store("endpoint", url.rstrip("/"), access_key, secret_key, CEPH_LACKS)


def await_health(url: str, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"no answer from {url}")
