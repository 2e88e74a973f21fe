"""The root for Ceph and MinIO applied to a real store: clean, then nothing left to do, then gone."""

import json
import uuid
from pathlib import Path

import pytest

from greenroom.adapters.broker import declare
from greenroom.adapters.store_topics import ensure_topics
from greenroom.host.topology import EVENTS, topology
from greenroom.host.wiring import read_wiring
from tests.platform.stack import Stack
from tests.platform.stores import REGION, Store, named_store
from tests.platform.terraform import Terraform

pytestmark = [pytest.mark.ceph, pytest.mark.slow, pytest.mark.timeout(900)]
ORIGIN = "https://interviews.example.com"


def topics(store: Store, request: pytest.FixtureRequest) -> dict[str, str]:
    """A topic for each function that objects start; none for a store that came without a broker."""
    if named_store() is not None:
        return {}
    started: Stack = request.getfixturevalue("stack")
    wiring = read_wiring()
    declare(started.broker, topology(wiring))
    return ensure_topics(
        [name for name, wired in wiring.items() if wired.triggers],
        broker=started.environment["GREENROOM_BROKER__STORE_URL"],
        exchange=EVENTS,
        endpoint=store.url,
        access_key=store.access_key,
        secret_key=store.secret_key,
        region=REGION,
    )


def test_apply_then_an_empty_plan_then_destroy(
    tmp_path: Path, endpoint: Store, request: pytest.FixtureRequest
) -> None:
    store = endpoint
    bucket = f"greenroom-{uuid.uuid4().hex[:8]}"
    given = tmp_path / "given.tfvars.json"
    announced = topics(store, request)
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
    if announced:
        # Ceph 16 takes no empty list of announcements (MalformedXML); they go with the bucket.
        terraform.run("state rm", "aws_s3_bucket_notification.store").check()
    terraform.run("destroy", "-auto-approve", "-input=false", f"-var-file={given}").check()
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
