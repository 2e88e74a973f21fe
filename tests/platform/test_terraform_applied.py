"""The AWS-API root applied to a server that speaks those APIs: clean, then nothing left to do, then gone."""

import json
import os
from pathlib import Path

import pytest

from greenroom.host.wiring import read_wiring
from greenroom.runtime.storage_events import parse_notification
from tests.platform.stores import ACCESS_KEY, SECRET_KEY, Store, moto_store
from tests.platform.terraform import Terraform, placeholders

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        not os.environ.get("GREENROOM_TEST_DEPLOY"), reason="takes minutes: make test-platform"
    ),
]
LAYERS = ("core", "media", "speech", "vision", "language", "screen")
SERVICES = ("apigateway", "events", "iam", "lambda", "logs", "monitoring", "s3", "sqs", "sts")


def variables(store: Store, packages: Path) -> str:
    return json.dumps(
        {
            "account": "123456789012",
            "packages": str(packages),
            "origins": ["https://interviews.example.com"],
            "endpoints": dict.fromkeys(SERVICES, store.url),
            "images": {"analysis": "registry.example.com/greenroom/analysis:1"},
            "keep_bucket": False,
            "settings": {
                "GREENROOM_STORE__ENDPOINT": store.url,
                "GREENROOM_DATABASE__URL": "postgresql+psycopg://greenroom@db.example.com/greenroom",
                "GREENROOM_DATABASE__KEYS": '["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="]',
                "GREENROOM_TOKENS__KEY": "0123456789abcdef0123456789abcdef",
                "GREENROOM_LINKS__PUBLIC_URL": "https://interviews.example.com",
                "GREENROOM_MAIL__HOST": "mail.example.com",
                "GREENROOM_ERASURE__KEY": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
            },
        }
    )


def test_apply_then_an_empty_plan_then_an_object_is_announced_then_destroy(tmp_path: Path) -> None:
    packages = placeholders(tmp_path / "packages", LAYERS, read_wiring())
    with moto_store() as store:
        terraform = Terraform(
            "aws-api",
            tmp_path,
            environment={"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
        )
        given = tmp_path / "given.tfvars.json"
        given.write_text(variables(store, packages))
        terraform.run("apply", "-auto-approve", "-input=false", f"-var-file={given}").check()
        again = terraform.run("plan", "-detailed-exitcode", "-input=false", f"-var-file={given}")
        assert again.status == 0, again.written[-6000:]
        announced(store)
        terraform.run("destroy", "-auto-approve", "-input=false", f"-var-file={given}").check()
        assert store.client().list_buckets()["Buckets"] == []


def announced(store: Store) -> None:
    """Each trigger of the table ends in the queue of its function, and in no other."""
    s3 = store.client()
    for name, wired in read_wiring().items():
        for index, trigger in enumerate(wired.triggers):
            key = f"{trigger.prefix}x{index}{trigger.suffix}"
            s3.put_object(Bucket="greenroom", Key=key, Body=b"{}")
            queue = f"greenroom-{name.replace('_', '-')}"
            (body,) = store.messages(queue, 1)
            assert [created.key for created in parse_notification(body)] == [key]
