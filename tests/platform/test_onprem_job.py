"""The main job over a real Ceph, RabbitMQ and PostgreSQL, with a process for each function, then with some killed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from greenroom.adapters.broker import connected, dead_letters
from tests.platform.deployment import Deployment, until
from tests.platform.stack import Stack

pytestmark = [pytest.mark.ceph, pytest.mark.slow, pytest.mark.timeout(900)]
KILLS = 3
IN_HAND_S = 0.3
"""A worker that is ready has been given its message; this long, in seconds, it may work on it."""


@pytest.fixture(scope="module")
def deployment(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(stack, tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


def outcome(told: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(told)
    assert document["loss_ms"] == 0
    assert document["webhooks"]
    assert all(item["verified"] for item in document["webhooks"])
    assert [item["type"] for item in document["webhooks"]].count("interview.scored") == 1
    return document


def supervised(stack: Stack, demo: subprocess.Popen[str]) -> str:
    """The demo's report. What has ended is started again meanwhile, as a company's supervisor does: the gateway of
    Ceph 16 may end by a segmentation fault when its broker is killed."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if not stack.is_whole():
            stack.start()
        try:
            told, _ = demo.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            continue
        assert demo.returncode == 0
        return told
    demo.kill()
    raise AssertionError("the demo did not end in time")


def nobody_died(deployment: Deployment) -> None:
    for queue in deployment.dead_queues:
        assert dead_letters(deployment.stack.broker, queue) == []


def test_one_interview_from_the_batch_to_the_signed_webhook(deployment: Deployment) -> None:
    demo = deployment.demo()
    told, _ = demo.communicate(timeout=600)
    assert demo.returncode == 0
    outcome(told)
    for function in ("invitation", "chunk_assembly", "quality_check", "analysis", "status_sync"):
        assert deployment.lines(function, "message_done"), function
    nobody_died(deployment)


def test_workers_and_the_broker_are_killed_on_the_way(deployment: Deployment) -> None:
    killed = ("chunk_assembly", "quality_check", "analysis")
    for function in killed:
        deployment.kill(function)
    before = {function: len(deployment.lines(function, "message_done")) for function in killed}
    demo = deployment.demo()
    for function in killed:
        # Its queue fills while nobody is there; each life that begins takes the message and is ended with it.
        until(lambda name=function: waits(deployment, name), 120, f"{function} has work")
        for _ in range(KILLS):
            deployment.start(function)
            time.sleep(IN_HAND_S)
            deployment.kill(function)
        if function == "quality_check":
            deployment.stack.kill("rabbitmq")
            deployment.stack.start()
        deployment.start(function)
    told = supervised(deployment.stack, demo)
    outcome(told)
    again = [
        line["receive_count"]
        for function in killed
        for line in deployment.lines(function, "message_done")[before[function] :]
    ]
    assert max(again) > 1  # a message was in hand when its worker was killed
    nobody_died(deployment)


def waits(deployment: Deployment, function: str) -> bool:
    with connected(deployment.stack.broker, "test") as connection:
        declared = connection.channel().queue_declare(function, passive=True)
        return bool(declared.method.message_count)
