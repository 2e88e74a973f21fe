"""Storage notifications of AWS, Ceph, MinIO and the pocket store, normalised once.

AWS and MinIO percent-encode keys; Ceph (`eventSource` ``ceph:s3``) sends them raw, so decoding there would
corrupt `+` and `%`. Event names come with and without ``s3:``; the first message can be ``s3:TestEvent``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from greenroom.domain.errors import Invalid


@dataclass(frozen=True)
class ObjectCreated:
    """An object was written. `size` in bytes; `sequencer` orders writes of one key where the store gives it."""

    bucket: str
    key: str
    size: int
    sequencer: str = ""
    event_id: str = ""


def parse_notification(body: str | bytes) -> list[ObjectCreated]:
    """The objects created, as one message tells; empty for test events and other event kinds.

    Raises `Invalid` (`invalid_notification`) for anything that is no storage notification.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Invalid(f"not JSON: {error}", code="invalid_notification") from error
    if isinstance(document, dict) and document.get("Event") == "s3:TestEvent":
        return []
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise Invalid("a storage notification holds Records", code="invalid_notification")
    return [event for record in records if (event := _record(record)) is not None]


def _record(record: Any) -> ObjectCreated | None:
    try:
        name = str(record["eventName"]).removeprefix("s3:")
        if not name.startswith("ObjectCreated"):
            return None
        stored = record["s3"]
        key = str(stored["object"]["key"])
        if record.get("eventSource") != "ceph:s3":
            key = unquote_plus(key)
        return ObjectCreated(
            bucket=str(stored["bucket"]["name"]),
            key=key,
            size=int(stored["object"].get("size") or 0),
            sequencer=str(stored["object"].get("sequencer", "")),
            event_id=str(
                record.get("eventId")
                or record.get("responseElements", {}).get("x-amz-request-id", "")
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            f"storage notification: {type(error).__name__}: {error}", code="invalid_notification"
        ) from error
