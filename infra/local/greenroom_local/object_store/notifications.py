"""Notifications: which queues hear of a new object, and what they hear, shaped as AWS sends it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from urllib.parse import quote_plus

from greenroom_local.object_store.catalogue import StoredObject
from greenroom_local.object_store.documents import Element, parse, tag, timestamp, write
from greenroom_local.object_store.errors import S3Error, not_spoken

CREATED = "s3:ObjectCreated:"
_ARN = re.compile(r"arn:[^:]+:sqs:[^:]*:[^:]*:[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True)
class NotificationRule:
    """Objects created below `prefix`, ending with `suffix`, are told to the queue of the ARN."""

    rule_id: str
    queue_arn: str
    events: list[str]
    prefix: str = ""
    suffix: str = ""

    @property
    def queue(self) -> str:
        """The pocket queue's name: the ARN's last element."""
        return self.queue_arn.rpartition(":")[2]

    def applies(self, key: str, event: str) -> bool:
        """`event` is the full name, such as s3:ObjectCreated:Post."""
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and any(event == name or name == CREATED + "*" for name in self.events)
        )


def message(
    stored: StoredObject, rule: NotificationRule, event: str, region: str, request_id: str
) -> str:
    """The message body.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": timestamp(stored.modified_ms),
        "eventName": event.removeprefix("s3:"),
        "userIdentity": {"principalId": "pocket"},
        "requestParameters": {"sourceIPAddress": ""},
        "responseElements": {"x-amz-request-id": request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule.rule_id,
            "bucket": {
                "name": stored.bucket,
                "ownerIdentity": {"principalId": "pocket"},
                "arn": f"arn:aws:s3:::{stored.bucket}",
            },
            "object": {
                "key": quote_plus(stored.key),
                "size": stored.size,
                "eTag": stored.etag,
                "sequencer": f"{stored.id:016X}",
            },
        },
    }
    return json.dumps({"Records": [record]})


def rules_from_xml(body: bytes) -> list[NotificationRule]:
    """Raises S3Error: `MalformedXML`, `InvalidArgument`, or `NotImplemented` for topics and lambdas."""
    rules = []
    for index, element in enumerate(parse(body, "NotificationConfiguration").children(), start=1):
        if element.name != "QueueConfiguration":
            raise not_spoken(f"{element.name}; only queues are told of objects")
        rules.append(_rule(element, index))
    return rules


def rules_to_xml(rules: list[NotificationRule]) -> bytes:
    configurations = [tag("QueueConfiguration", _members(rule)) for rule in rules]
    return write("NotificationConfiguration", configurations)


def rules_to_json(rules: list[NotificationRule]) -> str:
    return json.dumps([asdict(rule) for rule in rules])


def rules_from_json(text: str | None) -> list[NotificationRule]:
    return [NotificationRule(**rule) for rule in json.loads(text or "[]")]


def _rule(element: Element, index: int) -> NotificationRule:
    arn = element.text_of("Queue")
    if not _ARN.fullmatch(arn):
        raise S3Error("InvalidArgument", f"not the ARN of a queue: {arn}")
    events = element.texts("Event")
    if not events:
        raise S3Error("MalformedXML", "a QueueConfiguration needs an Event")
    for event in events:
        if not event.startswith(CREATED):
            raise not_spoken(f"the event {event}; only {CREATED}* are told")
    filters = {"prefix": "", "suffix": ""}
    for outer in element.children("Filter"):
        for key_filter in outer.children("S3Key"):
            for rule in key_filter.children("FilterRule"):
                name = rule.text_of("Name").lower()
                if name not in filters:
                    raise S3Error("InvalidArgument", f"a filter is prefix or suffix, not {name}")
                filters[name] = rule.text_of("Value")
    ids = element.texts("Id")
    return NotificationRule(ids[0] if ids else f"rule-{index}", arn, events, **filters)


def _members(rule: NotificationRule) -> list[str]:
    members = [tag("Id", rule.rule_id), tag("Queue", rule.queue_arn)]
    members += [tag("Event", event) for event in rule.events]
    filters = [
        tag("FilterRule", [tag("Name", name), tag("Value", value)])
        for name, value in (("prefix", rule.prefix), ("suffix", rule.suffix))
        if value
    ]
    if filters:
        members.append(tag("Filter", [tag("S3Key", filters)]))
    return members
