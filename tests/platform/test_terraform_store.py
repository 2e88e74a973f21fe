"""The root for Ceph and MinIO applied to a real store: clean, then nothing left to do, then gone."""

import json
import os
import uuid
from pathlib import Path

import pytest

from greenroom.host.wiring import read_wiring
from tests.platform.stores import Store, endpoint_store
from tests.platform.terraform import Terraform

pytestmark = [pytest.mark.ceph, pytest.mark.slow, pytest.mark.timeout(900)]
ORIGIN = "https://interviews.example.com"


def topics(store: Store) -> dict[str, str]:
    """A topic for each function that objects start, where the environment names a broker."""
    broker = os.environ.get("GREENROOM_TEST_AMQP_URL")
    if not broker:
        return {}
    sns = store.client("sns")
    attributes = {
        "push-endpoint": broker,
        "amqp-exchange": "amq.topic",
        "amqp-ack-level": "broker",
        "persistent": "true",
    }
    return {
        name: sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        for name, wired in read_wiring().items()
        if wired.triggers
    }


def test_apply_then_an_empty_plan_then_destroy(tmp_path: Path) -> None:
    store = endpoint_store()
    bucket = f"greenroom-{uuid.uuid4().hex[:8]}"
    given = tmp_path / "given.tfvars.json"
    announced = topics(store)
    values = {"bucket": bucket, "endpoint": store.url, "origins": [ORIGIN], "topics": announced}
    given.write_text(json.dumps({**values, "keep_bucket": False}))
    keys = {"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key}
    terraform = Terraform("onprem", tmp_path, environment=keys)
    terraform.run("apply", "-auto-approve", "-input=false", f"-var-file={given}").check()
    again = terraform.run("plan", "-detailed-exitcode", "-input=false", f"-var-file={given}")
    assert again.status == 0, again.written[-6000:]
    s3 = store.client()
    (rule,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == [ORIGIN]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    wanted = sum(len(wired.triggers) for wired in read_wiring().values())
    assert len(found.get("TopicConfigurations", [])) == (wanted if announced else 0)
    terraform.run("destroy", "-auto-approve", "-input=false", f"-var-file={given}").check()
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
