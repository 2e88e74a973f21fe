"""A process that handles one message of chunk_assembly as the queue worker does; made to be killed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Notified:
    """A message as the queue delivers it."""

    body: str
    id: str = "m1"
    receive_count: int = 1
    receipt: str = "r1"
    first_sent: datetime = datetime(2026, 1, 1, tzinfo=UTC)


def work(settings: dict[str, str], key: str) -> None:
    """Assemble what the manifest `key` names; exit status 1 when the queue would deliver it again."""
    os.environ.update(settings)
    from functions.chunk_assembly.app import app
    from greenroom.host.worker import handle

    record = {
        "eventName": "ObjectCreated:Put",
        "eventSource": "ceph:s3",
        "s3": {"bucket": {"name": "greenroom"}, "object": {"key": key, "size": 1}},
    }
    outcome = handle(app, Notified(json.dumps({"Records": [record]})))
    if outcome != {"batchItemFailures": []}:
        raise SystemExit(1)
