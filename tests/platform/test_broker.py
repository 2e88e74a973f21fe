"""Workers over a real RabbitMQ: every way that a message can end, also when its worker or the broker dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from greenroom.adapters.broker import connected, dead_letters, declare
from greenroom.adapters.broker_queue import BrokerQueue
from greenroom.domain.errors import Conflict, Invalid, NotFound, Unavailable
from greenroom.host.ticks import Ticks
from greenroom.host.topology import (
    EVENTS,
    MOST_TRIES,
    dead_queue,
    retries,
    tick_queues,
    topology,
)
from greenroom.host.wiring import Schedule, Trigger, Wired, read_wiring
from greenroom.host.worker import Worker
from greenroom.runtime.function import Function, ObjectCreated
from greenroom.runtime.settings import BrokerSettings
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding
from greenroom_cli.doctor.queues import check_queues
from greenroom_cli.main import app as command
from tests.platform.stack import Stack

pytestmark = [pytest.mark.ceph, pytest.mark.timeout(240)]


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def notification(key: str) -> str:
    """As Ceph sends it: the key raw."""
    stored = {"bucket": {"name": "b"}, "object": {"key": key, "size": 3}}
    record = {"eventSource": "ceph:s3", "eventName": "ObjectCreated:Post", "s3": stored}
    return json.dumps({"Records": [record]})


class Broker:
    """One function's part of the topology, under a name of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = f"small-{uuid.uuid4().hex[:8]}"
        self.wired = Wired(
            self.name,
            (Trigger("in/", ".json"),),
            (Schedule("sweep", 1), Schedule("watch", 60)),
            (),
            timeout_s=30,
        )
        declare(url, topology({self.name: self.wired}))

    def send(self, *keys: str) -> None:
        with connected(self.url, "test") as connection:
            for key in keys:
                connection.channel().basic_publish(EVENTS, self.name, notification(key).encode())

    def waiting(self, queue: str) -> int:
        with connected(self.url, "test") as connection:
            declared = connection.channel().queue_declare(queue, passive=True)
            return int(declared.method.message_count)

    @contextmanager
    def queue(self, most: int = 2) -> Iterator[BrokerQueue]:
        queue = BrokerQueue(self.url, [self.name], retries=replace(retries(self.name), most=most))
        try:
            yield queue
        finally:
            queue.close()


@pytest.fixture
def broker(stack: Stack) -> Broker:
    return Broker(stack.broker)


def function(does: Callable[[str], None]) -> Function[Any]:
    app: Function[Any] = Function("small", "tests.no_settings:NoSettings")

    @app.on_object("in/", suffix=".json")
    def taken(event: ObjectCreated) -> None:
        does(event.key)

    return app


def test_what_a_handler_finished_is_gone_and_the_next_comes(broker: Broker) -> None:
    seen: list[str] = []
    broker.send("in/李 +1%.json", "in/2.json")
    with broker.queue() as queue:
        worker = Worker(function(seen.append), queue, owner="w")
        assert worker.run_once(wait_s=30)
        assert worker.run_once(wait_s=30)
        assert not worker.run_once(wait_s=0.2)
    assert sorted(seen) == ["in/2.json", "in/李 +1%.json"]
    assert broker.waiting(broker.name) == broker.waiting(dead_queue(broker.name)) == 0


def test_what_failed_is_tried_later_then_dead_and_can_be_sent_again(broker: Broker) -> None:
    seen: list[float] = []

    def fails(_key: str) -> None:
        seen.append(time.monotonic())
        raise Unavailable("the neighbour is away")

    broker.send("in/1.json")
    with broker.queue(most=2) as queue:
        worker = Worker(function(fails), queue, owner="w")
        assert worker.run_once(wait_s=30)
        assert worker.run_once(wait_s=30)
        until(lambda: broker.waiting(dead_queue(broker.name)) == 1)
        assert seen[1] - seen[0] >= 0.9  # the first of WAITS_S, as the broker measures it
        (letter,) = dead_letters(broker.url, dead_queue(broker.name))
        assert (letter.tries, letter.reason) == (2, "the handler asked for another try")
        assert json.loads(letter.body) == json.loads(notification("in/1.json"))
        # Looking took nothing away.
        until(lambda: broker.waiting(dead_queue(broker.name)) == 1)
        again = ["dead-letters", "--broker", "--redrive", "--queue", broker.name]
        said = CliRunner().invoke(command, again, env={"GREENROOM_BROKER__URL": broker.url})
        assert (said.exit_code, "1 put back" in said.output) == (0, True), said.output
        healed: list[str] = []
        assert Worker(function(healed.append), queue, owner="w").run_once(wait_s=30)
        assert healed == ["in/1.json"]
    assert broker.waiting(dead_queue(broker.name)) == 0


def test_what_is_the_inputs_fault_is_done_at_once(broker: Broker) -> None:
    def refuses(_key: str) -> None:
        raise Invalid("no such thing", code="bad")

    broker.send("in/1.json")
    with broker.queue() as queue:
        assert Worker(function(refuses), queue, owner="w").run_once(wait_s=30)
    assert broker.waiting(broker.name) == broker.waiting(dead_queue(broker.name)) == 0


def test_a_connection_that_was_lost_settles_nothing(broker: Broker) -> None:
    """Its messages are somebody else's by then; the worker connects anew and gets them again."""
    broker.send("in/1.json")
    with broker.queue() as queue:
        (first,) = queue.receive(broker.name, "w", 30, wait_s=30)
        assert queue.extend(first.receipt, 30)
        session = queue._session
        assert session is not None
        session.connection.add_callback_threadsafe(session.connection.close)
        (second,) = queue.receive(broker.name, "w", 30, wait_s=30)
        assert not queue.extend(first.receipt, 30)
        assert not queue.delete(first.receipt)
        assert second.receive_count == 2
        assert queue.delete(second.receipt)
    assert broker.waiting(broker.name) == 0


def test_a_queue_that_was_deleted_is_not_listened_to_for_ever(broker: Broker) -> None:
    with broker.queue() as queue:
        until(lambda: queue.is_connected)
        with connected(broker.url, "test") as connection:
            connection.channel().queue_delete(broker.name)
        until(lambda: not queue.is_connected)
        declare(broker.url, topology({broker.name: broker.wired}))
        broker.send("in/1.json")
        (found,) = queue.receive(broker.name, "w", 30, wait_s=60)
        assert queue.delete(found.receipt)


WORKER = """
import os, pathlib, sys, time
from greenroom.adapters.broker_queue import BrokerQueue
from greenroom.host.topology import retries
from greenroom.host.worker import Worker, run_until_signal
from greenroom.runtime.function import Function

url, name, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
app = Function("small", "none:None")

@app.on_object("in/", suffix=".json")
def take(event):
    with (folder / "begun").open("a") as begun:
        begun.write(event.key + "\\n")
    while (folder / "busy").exists():
        time.sleep(0.01)
    with (folder / "done").open("a") as done:
        done.write(event.key + "\\n")

queue = BrokerQueue(url, [name], retries=retries(name))
run_until_signal(Worker(app, queue, owner="w"))
queue.close()
"""


class Process:
    """A worker in a process of its own; it does not finish while `busy` is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "small_broker_worker.py").write_text(WORKER)

    def start(self, broker: Broker) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "small_broker_worker", broker.url, broker.name, self.folder],
            env={**os.environ, "PYTHONPATH": str(self.folder)},
        )

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_a_worker_that_ends_loses_nothing(
    broker: Broker, tmp_path: Path, number: signal.Signals
) -> None:
    processes = Process(tmp_path)
    (tmp_path / "busy").touch()
    broker.send("in/1.json", "in/2.json")
    first = processes.start(broker)
    until(lambda: processes.lines("begun"))
    first.send_signal(number)
    if number == signal.SIGTERM:
        (tmp_path / "busy").unlink()  # it finishes what it has in hand, and takes no more
    first.wait(60)
    assert len(processes.lines("done")) == (1 if number == signal.SIGTERM else 0)
    (tmp_path / "busy").unlink(missing_ok=True)
    second = processes.start(broker)
    until(lambda: sorted(processes.lines("done")) == ["in/1.json", "in/2.json"])
    second.terminate()
    assert second.wait(60) == 0
    assert broker.waiting(broker.name) == 0


def test_a_message_that_kills_its_workers_is_dead_in_the_end(
    broker: Broker, tmp_path: Path
) -> None:
    broker.send("in/1.json")
    # A connection that goes away with the message in hand is to the broker what a killed worker is.
    for _ in range(MOST_TRIES + 1):
        with broker.queue() as queue:
            assert queue.receive(broker.name, "w", 30, wait_s=30)
    until(lambda: broker.waiting(dead_queue(broker.name)) == 1)
    (letter,) = dead_letters(broker.url, dead_queue(broker.name))
    assert letter.reason == "delivery_limit"


def test_the_broker_is_killed_with_a_message_in_hand(
    stack: Stack, broker: Broker, tmp_path: Path
) -> None:
    processes = Process(tmp_path)
    (tmp_path / "busy").touch()
    broker.send("in/1.json")
    worker = processes.start(broker)
    until(lambda: processes.lines("begun"))
    stack.kill("rabbitmq")
    stack.start()
    until(lambda: len(processes.lines("begun")) == 1)
    (tmp_path / "busy").unlink()
    # Done, but over a connection that is gone: it is done once more.
    until(lambda: processes.lines("done") == ["in/1.json"] * 2, 120)
    worker.terminate()
    assert worker.wait(60) == 0
    assert broker.waiting(broker.name) == 0


def test_two_schedulers_leave_one_tick_waiting(broker: Broker) -> None:
    for _ in range(2):
        ticks = Ticks({broker.name: broker.wired}, broker.url)
        with connected(broker.url, "test") as connection:
            told = [
                connection.channel().basic_publish(EVENTS, key, message.encode())
                for key, message in ticks.due()
            ]
        assert len(told) == 2
    sweeps, watches = tick_queues(broker.wired)
    until(lambda: (broker.waiting(sweeps), broker.waiting(watches)) == (1, 1))


def test_what_stands_otherwise_is_named(broker: Broker) -> None:
    wanted = topology({broker.name: broker.wired})
    queues = tuple(replace(one, arguments={"x-queue-type": "quorum"}) for one in wanted.queues)
    with pytest.raises(Conflict, match="x-d") as raised:
        declare(broker.url, replace(wanted, queues=queues))
    assert raised.value.code == "declared_otherwise"


def test_no_queue_and_no_broker_are_told_apart(broker: Broker) -> None:
    with pytest.raises(NotFound) as raised:
        dead_letters(broker.url, "nobody.dead")
    assert raised.value.code == "no_such_queue"
    with pytest.raises(Unavailable) as nobody:
        dead_letters("amqp://guest:guest@127.0.0.1:9/", "nobody.dead")
    assert nobody.value.code == "broker_unavailable"
    assert "guest" not in nobody.value.detail


def test_the_doctor_names_missing_queues_missing_workers_and_dead_letters(stack: Stack) -> None:
    deployment = Deployment({"broker": BrokerSettings(url=stack.broker)})

    def found() -> dict[str, Finding]:
        return {f"{one.code} {one.what}": one for one in check_queues(deployment)}

    declare(stack.broker, topology(read_wiring()))
    with connected(stack.broker, "test") as connection:
        channel = connection.channel()
        channel.queue_delete("analysis.sweep")
        assert found()["broker.queues missing"].values == {"queues": "analysis.sweep"}
        declare(stack.broker, topology(read_wiring()))
        assert "broker.queues good" in found()
        assert found()["broker.workers none"].level == "fault"
        for wired in read_wiring().values():
            if wired.triggers:
                channel.basic_consume(wired.name, lambda *_: None)
        channel.confirm_delivery()
        channel.basic_publish("greenroom.dead", "analysis", b"{}", mandatory=True)
        until(lambda: "queues.dead buried" in found())
        assert {"broker.line open", "broker good", "broker.workers good"} <= found().keys()
        channel.queue_purge("analysis.dead")
        until(lambda: "queues.dead good" in found())
