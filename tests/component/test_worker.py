"""The worker between a real queue and a small function: every way that a message can end."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from greenroom.domain.errors import Invalid, Unavailable
from greenroom.host.worker import HANG_S, Worker, handle
from greenroom.runtime import logs
from greenroom.runtime.function import Function, ObjectCreated, Scheduled
from greenroom_local.queue import Queue

NAME = "small"
TICK = json.dumps(
    {"source": "greenroom.schedule", "detail": {"name": "sweep"}, "time": "2026-01-01"}
)


def notification(key: str) -> str:
    stored = {"bucket": {"name": "b"}, "object": {"key": key, "size": 3}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Post", "s3": stored}
    return json.dumps({"Records": [record]})


@pytest.fixture(autouse=True)
def log() -> Iterator[StringIO]:
    """What the worker logs, as JSON lines."""
    stream = StringIO()
    handlers = list(logging.getLogger().handlers)
    logs.configure(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path, max_receives=3, backoff_base_s=0.01)


class Small:
    """A function of one trigger and one schedule. `does` is what both do; `seen` what they were given."""

    def __init__(self, does: Callable[[], Any] = lambda: None) -> None:
        self.seen: list[Any] = []
        self.app: Function[Any] = Function(NAME, "tests.no_settings:NoSettings")

        @self.app.on_object("in/", suffix=".json")
        def taken(event: ObjectCreated) -> None:
            self.seen.append(event.key)
            does()

        @self.app.on_schedule("sweep", minutes=1)
        def sweep(event: Scheduled) -> None:
            self.seen.append(event)
            does()


def worker(small: Small, queue: Queue, **options: Any) -> Worker:
    return Worker(small.app, queue, owner="w", **options)


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_a_notification_reaches_its_trigger_and_is_done(queue: Queue) -> None:
    small = Small()
    queue.send(NAME, notification("in/%E6%9D%8E+1.json"))
    assert worker(small, queue).run_once()
    assert small.seen == ["in/李 1.json"]
    assert not worker(small, queue).run_once()
    depth = queue.depth(NAME)
    assert (depth.visible, depth.leased, depth.delayed, depth.dead) == (0, 0, 0, 0)


def test_a_tick_reaches_its_schedule(queue: Queue) -> None:
    small = Small()
    queue.send(NAME, TICK)
    worker(small, queue).run_once()
    assert small.seen == [Scheduled("sweep", "2026-01-01")]
    assert queue.depth(NAME).visible == 0


def test_the_event_is_the_one_that_sqs_gives(queue: Queue) -> None:
    events: list[Any] = []

    class App(Function[Any]):
        def _messages(self, event: Any) -> dict[str, list[dict[str, str]]]:
            events.append(event.to_dict())
            return super()._messages(event)

    app = App(NAME, "tests.no_settings:NoSettings")
    app.on_object("in/", suffix=".json")(lambda event: None)
    sent = queue.send(NAME, notification("in/1.json"))
    [message] = queue.receive(NAME, "w", 30)
    handle(app, message)
    [record] = events[0]["Records"]
    assert record["messageId"] == sent
    assert record["receiptHandle"] == message.receipt
    assert json.loads(record["body"])["Records"][0]["s3"]["object"]["key"] == "in/1.json"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(f":{NAME}")


@pytest.mark.parametrize(
    "fault", [Unavailable("the store is away"), ValueError("a fault of ours")], ids=["ours", "any"]
)
@pytest.mark.parametrize("body", [notification("in/1.json"), TICK], ids=["object", "tick"])
def test_a_failure_comes_back_and_ends_with_the_dead(
    queue: Queue, body: str, fault: Exception
) -> None:
    def fail() -> None:
        raise fault

    small = Small(fail)
    queue.send(NAME, body)
    own = worker(small, queue)
    until(lambda: own.run_once(wait_s=0.2) and queue.depth(NAME).dead == 1)
    assert len(small.seen) == 3
    [dead] = queue.dead_letters(NAME)
    assert dead.body == body
    assert dead.receive_count == 3
    assert dead.last_error
    assert queue.redrive(NAME) == 1
    assert own.run_once()
    assert len(small.seen) == 4


def test_every_line_of_a_message_bears_its_id(queue: Queue, log: StringIO) -> None:
    small = Small()
    small.app.on_object("talk/", suffix="")(lambda event: small.app.logger.info("from inside"))
    sent = queue.send(NAME, notification("talk/itv_1"))
    worker(small, queue).run_once()
    inside, done = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (inside["event"], inside["message_id"], inside["key"]) == (
        "from inside",
        sent,
        "talk/itv_1",
    )
    assert (done["event"], done["message_id"], done["function"]) == ("message_done", sent, NAME)
    assert done["seconds"] >= 0


def test_what_can_never_succeed_is_not_tried_again(queue: Queue) -> None:
    def refuse() -> None:
        raise Invalid("no such thing")

    small = Small(refuse)
    queue.send(NAME, notification("in/1.json"))
    queue.send(NAME, "no notification at all")
    own = worker(small, queue)
    assert own.run_once()
    assert own.run_once()
    assert queue.depth(NAME).oldest_age_s == 0
    assert queue.dead_letters(NAME) == []


@pytest.mark.parametrize(
    "body",
    [
        '{"source":"greenroom.schedule","detail":{"name":"unheard"}}',
        '{"source":"greenroom.schedule"}',
        '["greenroom.schedule"]',
        "greenroom.schedule {",
    ],
)
def test_a_tick_that_makes_no_sense_ends_with_the_dead_and_the_worker_lives(
    queue: Queue, body: str
) -> None:
    small = Small()
    queue.send(NAME, body)
    own = worker(small, queue)
    until(lambda: not own.run_once(wait_s=0.1))
    assert small.seen == []
    queue.send(NAME, notification("in/1.json"))
    until(lambda: own.run_once() and small.seen == ["in/1.json"])


def test_a_function_without_triggers_gives_the_message_back(queue: Queue) -> None:
    app: Function[Any] = Function(NAME, "tests.no_settings:NoSettings")
    queue.send(NAME, notification("in/1.json"))
    Worker(app, queue, owner="w").run_once()
    assert queue.depth(NAME).delayed == 1


class Faltering(Queue):
    """A queue whose `extend` fails at first."""

    failures = 0

    def extend(self, receipt: str, visibility_s: float) -> bool:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk hiccups")
        return super().extend(receipt, visibility_s)


@pytest.mark.parametrize("failures", [0, 1])
def test_the_heartbeat_keeps_a_long_message(tmp_path: Path, failures: int) -> None:
    """The handler outlasts its lease, another worker asks all the while and gets nothing."""
    queue = Faltering(tmp_path)
    queue.failures = failures
    other = Small()
    stolen: list[bool] = []

    def slow() -> None:
        deadline = time.monotonic() + 1.4
        while time.monotonic() < deadline:
            stolen.append(worker(other, queue).run_once(wait_s=0.05))

    small = Small(slow)
    queue.send(NAME, notification("in/1.json"))
    worker(small, queue, lease_s=0.9).run_once()
    assert stolen
    assert not any(stolen)
    assert queue.depth(NAME).oldest_age_s == 0


def test_a_handler_that_hangs_gives_its_message_up(queue: Queue) -> None:
    ended = threading.Event()
    small = Small(lambda: ended.wait(10))
    queue.send(NAME, notification("in/1.json"))
    worker(small, queue, hang_s=0.1, on_hang=ended.set).run_once()
    assert ended.is_set()
    # The try counted, and the late return of the handler deleted nothing.
    until(lambda: bool(again := queue.receive(NAME, "w", 30)) and again[0].receive_count == 2)


def test_hanging_is_far_from_working() -> None:
    assert HANG_S > 1800  # the longest that one ffmpeg may take


def test_stop_lets_the_message_in_hand_finish(queue: Queue) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(10)

    small = Small(wait)
    for key in ("in/1.json", "in/2.json"):
        queue.send(NAME, notification(key))
    own = worker(small, queue)
    running = threading.Thread(target=own.run)
    running.start()
    assert begun.wait(10)
    own.stop()
    go_on.set()
    running.join(10)
    assert not running.is_alive()
    assert small.seen == ["in/1.json"]
    depth = queue.depth(NAME)
    assert (depth.visible, depth.leased) == (1, 0)
