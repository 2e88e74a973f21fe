"""One parser for every store's notifications, fed with what they really send."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.errors import Invalid
from greenroom.runtime.storage_events import parse_notification

EXAMPLES = Path("contracts/examples/notifications")
KEY = "raw/a b+ü 100%.webm"


@pytest.mark.parametrize("name", ["aws-put", "aws-post", "ceph-put", "ceph-multipart", "minio-put"])
def test_every_store_s_notification_names_the_same_key(name: str) -> None:
    [created] = parse_notification((EXAMPLES / f"{name}.json").read_bytes())
    assert (created.bucket, created.key, created.size) == ("greenroom", KEY, 1024)
    assert created.sequencer


def test_the_test_event_of_aws_is_no_object() -> None:
    assert parse_notification((EXAMPLES / "aws-test.json").read_bytes()) == []


def test_other_event_kinds_are_left_alone() -> None:
    document = json.loads((EXAMPLES / "aws-put.json").read_text())
    document["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert parse_notification(json.dumps(document)) == []


@pytest.mark.parametrize(
    "body", ["", "nonsense", "[]", "{}", '{"Records": 3}', '{"Records": [{}]}']
)
def test_what_is_no_notification_is_refused(body: str) -> None:
    # A record without a name is no creation; everything else must say what it is.
    with pytest.raises(Invalid) as caught:
        parse_notification(body)
    assert caught.value.code == "invalid_notification"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Records", "eventName", "s3", "object", "key", "bucket", "Event"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_message_breaks_the_parser(document: object) -> None:
    try:
        parse_notification(json.dumps(document))
    except Invalid as error:
        assert error.code == "invalid_notification"
