"""kill -9 under load: whatever was acknowledged is there, with its bytes and its message."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from greenroom.runtime.storage_events import parse_notification
from tests.platform.signing import object_url, presigned, signed_form
from tests.platform.stores import DEADLINE_S, Store, start_pocket
from tests.platform.test_pocket_server import files

BUCKET, QUEUE = "conformance", "told"
CLIENTS = 12


@dataclass
class Uploads:
    """What clients got an answer for, until the server died."""

    acknowledged: dict[str, bytes] = field(default_factory=dict)
    dead: threading.Event = field(default_factory=threading.Event)

    def run(self, store: Store, client: int, run: int) -> None:
        form = signed_form(store, BUCKET, "uploads/")
        number = 0
        while not self.dead.is_set():
            number += 1
            key = f"uploads/{run}/{client}/{number}"
            body = hashlib.shake_256(key.encode()).digest(1 + (client * 40_009 + number) % 300_000)
            try:
                if number % 3:
                    answer = form.send(body, key=key)
                else:
                    url = presigned(store, "PUT", object_url(store, BUCKET, key))
                    answer = httpx.put(url, content=body, timeout=30)
            except httpx.TransportError:
                return
            assert answer.is_success, answer.text
            self.acknowledged[key] = hashlib.sha256(body).digest()


def prepare(store: Store) -> None:
    s3 = store.client()
    s3.create_bucket(Bucket=BUCKET)
    rule = {
        "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{QUEUE}",
        "Events": ["s3:ObjectCreated:*"],
    }
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [rule]}
    )


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    acknowledged: dict[str, bytes] = {}
    for run, seconds in enumerate((0.3, 0.7, 1.3)):
        server = start_pocket(tmp_path)
        if run == 0:
            prepare(server.store)
        uploads = Uploads()
        threads = [
            threading.Thread(target=uploads.run, args=(server.store, client, run))
            for client in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + DEADLINE_S
        while len(uploads.acknowledged) < CLIENTS and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(seconds)  # at some moment in the middle of things
        server.kill()
        uploads.dead.set()
        for thread in threads:
            thread.join(DEADLINE_S)
        assert len(uploads.acknowledged) >= CLIENTS
        acknowledged |= uploads.acknowledged

    server = start_pocket(tmp_path)
    s3 = server.store.client()
    stored = [
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        for item in page.get("Contents", [])
    ]
    for key, digest in acknowledged.items():
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert hashlib.sha256(body).digest() == digest, key
    # Exactly the stored objects were told: object and message are one transaction.
    bodies = server.store.messages(QUEUE, len(stored))
    told = [event.key for body in bodies for event in parse_notification(body)]
    assert sorted(told) == sorted(stored)
    assert set(acknowledged) <= set(stored)
    server.stop()
    assert len(files(tmp_path)) == len(stored)
