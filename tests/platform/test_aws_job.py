"""The AWS-API root whole: applied, nothing left to do, batches and recordings through what it deployed, destroyed.

moto keeps buckets, queues, roles and functions; the functions run as the packages that were sent, by the Lambda runtime
client, each with the settings and the credentials that Terraform gave it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.platform.aws_deployment import AwsDeployment, applied
from tests.platform.deployment import until
from tests.platform.private_cloud import PrivateCloud
from tests.platform.stack import Stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        not os.environ.get("GREENROOM_TEST_DEPLOY"), reason="takes minutes: make test-platform"
    ),
]
KILLED = ("chunk_assembly", "quality_check", "analysis")
KILLS = 2
IN_HAND_S = 0.3
"""A little less than the quickest of them needs for the demo's recording."""


@pytest.fixture(scope="module")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new database of the PostgreSQL that the environment names, else of the one that we start."""
    server = os.environ.get("GREENROOM_TEST_DATABASE_URL")
    if not server:
        stack: Stack = request.getfixturevalue("stack")
        server = stack.environment["GREENROOM_DATABASE__URL"]
    with sa.create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS aws_job WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE aws_job")
        yield sa.make_url(server).set(database="aws_job").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[AwsDeployment]:
    with applied(tmp_path_factory.mktemp("aws"), database_url) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def api_key(deployment: AwsDeployment) -> str:
    return deployment.new_api_key()


def scored(demo: subprocess.Popen[str]) -> None:
    told, _ = demo.communicate(timeout=900)
    assert demo.returncode == 0
    document = json.loads(told)
    assert document["loss_ms"] == 0
    assert all(item["verified"] for item in document["webhooks"])
    assert [item["type"] for item in document["webhooks"]].count("interview.scored") == 1


def test_a_second_plan_is_empty(deployment: AwsDeployment) -> None:
    again = deployment.terraformed("plan", "-detailed-exitcode")
    assert again.status == 0, again.written[-6000:]


def test_one_interview_through_what_was_deployed(deployment: AwsDeployment, api_key: str) -> None:
    with deployment.running() as cloud:
        scored(deployment.demo(api_key))
        assert {name for name, count in cloud.invoked.items() if count} >= {
            f"greenroom-{name.replace('_', '-')}"
            for name in (*KILLED, "invitation", "portal", "upload_url")
        }
        assert cloud.failures == {}
        assert deployment.left_waiting(60) == {}


def test_functions_are_killed_with_work_in_hand(deployment: AwsDeployment, api_key: str) -> None:
    names = [f"greenroom-{name.replace('_', '-')}" for name in KILLED]
    with deployment.running() as cloud:
        demo = deployment.demo(api_key)
        for name in names:
            for _ in range(KILLS):
                killed_at_work(cloud, name)
        scored(demo)
        assert {name: len(found) for name, found in cloud.failures.items()} == dict.fromkeys(
            names, KILLS
        )
        assert deployment.left_waiting(60) == {}


def killed_at_work(cloud: PrivateCloud, name: str) -> None:
    while True:
        until(lambda: cloud.functions[name].busy, 300, f"{name} has work in hand")
        time.sleep(IN_HAND_S)
        if cloud.kill(name):
            return


def test_destroy_leaves_nothing(deployment: AwsDeployment) -> None:
    deployment.terraformed("destroy", "-auto-approve").check()
    assert deployment.api.client().list_buckets()["Buckets"] == []
    assert deployment.api.client("lambda").list_functions()["Functions"] == []
    assert "QueueUrls" not in deployment.api.client("sqs").list_queues()
