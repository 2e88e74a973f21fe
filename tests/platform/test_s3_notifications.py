"""Notifications: every new object is told to the queues whose rules it fits, once it is there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from greenroom.runtime.storage_events import ObjectCreated, parse_notification
from tests.platform.signing import signed_form
from tests.platform.stores import Store
from tests.platform.test_s3_objects import code_of

KEY = "uploads/a b+c%d/ü&面/manifest.json"


@pytest.fixture
def queue(store: Store, s3: Any, bucket: str) -> str:
    """Tells uploads/*.json of the bucket."""
    store.needs("queue notifications")
    name = f"chunk_assembly-{bucket[-8:]}"
    if store.name == "moto":
        store.client("sqs").create_queue(QueueName=name)
    rules = [{"Name": "prefix", "Value": "uploads/"}, {"Name": "suffix", "Value": ".json"}]
    configuration = {
        "Id": "sealed",
        "QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )
    return name


def created(store: Store, queue: str, count: int) -> list[ObjectCreated]:
    return [event for body in store.messages(queue, count) for event in parse_notification(body)]


def test_a_put_is_told(store: Store, s3: Any, bucket: str, queue: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"12345")
    (event,) = created(store, queue, 1)
    assert (event.bucket, event.key, event.size) == (bucket, KEY, 5)


def test_only_what_fits_the_filters(store: Store, s3: Any, bucket: str, queue: str) -> None:
    for key in ("uploads/x.webm", "reports/x.json", "uploads/last.json"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    assert [event.key for event in created(store, queue, 1)] == ["uploads/last.json"]


def test_a_multipart_upload_is_told_when_complete(
    store: Store, s3: Any, bucket: str, queue: str
) -> None:
    upload = {"Bucket": bucket, "Key": "uploads/parts.json"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"123")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    # moto tells it twice, as any store may.
    events = created(store, queue, 1)
    assert {(event.key, event.size) for event in events} == {(upload["Key"], 3)}


def test_the_message_has_the_shape_of_aws(store: Store, s3: Any, bucket: str, queue: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key=KEY, Body=b"12345")["ETag"]
    ((record,),) = (json.loads(body)["Records"] for body in store.messages(queue, 1))
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["eventTime"].endswith("Z")
    assert record["s3"]["configurationId"] == "sealed"
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["object"]["eTag"] == etag.strip('"')
    if store.name == "pocket":  # moto leaves some characters bare
        assert (
            record["s3"]["object"]["key"]
            == "uploads%2Fa+b%2Bc%25d%2F%C3%BC%26%E9%9D%A2%2Fmanifest.json"
        )


def test_a_form_upload_is_told_as_post(store: Store, s3: Any, bucket: str, queue: str) -> None:
    store.needs("form")
    assert signed_form(store, bucket, "uploads/").send(b"1", key="uploads/p.json").is_success
    ((record,),) = (json.loads(body)["Records"] for body in store.messages(queue, 1))
    assert record["eventName"] == "ObjectCreated:Post"


def test_sequencers_order_the_writes_of_a_key(
    store: Store, s3: Any, bucket: str, queue: str
) -> None:
    store.needs("refusals")
    for size in (1, 2, 3):
        s3.put_object(Bucket=bucket, Key="uploads/k.json", Body=b"x" * size)
    events = sorted(created(store, queue, 3), key=lambda event: event.sequencer)
    assert [event.size for event in events] == [1, 2, 3]


def test_the_configuration_is_kept(s3: Any, bucket: str, queue: str) -> None:
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert [rule["Id"] for rule in kept] == ["sealed"]
    filters = kept[0]["Filter"]["Key"]["FilterRules"]
    assert {rule["Name"].lower(): rule["Value"] for rule in filters} == {
        "prefix": "uploads/",
        "suffix": ".json",
    }


def test_no_configuration_tells_nobody(store: Store, s3: Any, bucket: str, queue: str) -> None:
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_topics_are_refused(store: Store, s3: Any, bucket: str) -> None:
    if store.name != "pocket":
        pytest.skip("other stores know topics")
    topic = {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(ClientError) as error:
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic]}
        )
    assert code_of(error) == ("NotImplemented", 501)
