"""The queue worker: as Lambda would call, one message at a time, settled only when its handler has returned."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from greenroom.domain.errors import Invalid, Unavailable
from greenroom.host.worker import TICK_SOURCE, Worker
from greenroom.runtime.function import Function, ObjectCreated, Scheduled
from greenroom_local.queue import Queue


def notification(key: str) -> str:
    stored = {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}
    return json.dumps({"Records": [record]})


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path, max_receives=3, backoff_base_s=0.0, backoff_cap_s=0.0)


def function() -> Function:
    return Function("sample", "none:None")


def test_a_message_is_handled_and_gone(queue: Queue) -> None:
    app, seen = function(), []

    @app.on_object("a/", suffix=".json")
    def created(event: ObjectCreated) -> None:
        seen.append(event.key)

    queue.send("sample", notification("a/1.json"))
    worker = Worker(app, queue, owner="w")
    assert worker.run_once()
    assert not worker.run_once()
    assert seen == ["a/1.json"]
    assert queue.depth("sample").dead == 0


def test_ticks_reach_their_schedule(queue: Queue) -> None:
    app, seen = function(), []

    @app.on_schedule("sweep", minutes=1)
    def sweep(event: Scheduled) -> None:
        seen.append((event.name, event.time))

    tick = {"source": TICK_SOURCE, "detail": {"name": "sweep"}, "time": "2026-11-23T00:00:00Z"}
    queue.send("sample", json.dumps(tick))
    assert Worker(app, queue, owner="w").run_once()
    assert seen == [("sweep", "2026-11-23T00:00:00Z")]


def test_what_may_succeed_later_is_tried_again_and_in_the_end_dead(queue: Queue) -> None:
    app, tries = function(), []

    @app.on_object("a/", suffix=".json")
    def created(event: ObjectCreated) -> None:
        tries.append(event.key)
        raise Unavailable("not now")

    queue.send("sample", notification("a/1.json"))
    worker = Worker(app, queue, owner="w")
    while worker.run_once():
        pass
    assert len(tries) == 3
    [letter] = queue.dead_letters("sample")
    assert letter.receive_count == 3
    assert queue.redrive("sample") == 1
    assert worker.run_once()
    assert len(tries) == 4


def test_what_can_never_succeed_is_done(queue: Queue) -> None:
    app = function()

    @app.on_object("a/", suffix=".json")
    def created(event: ObjectCreated) -> None:
        raise Invalid("bad")

    queue.send("sample", notification("a/1.json"))
    queue.send("sample", "no notification at all")
    worker = Worker(app, queue, owner="w")
    assert worker.run_once()
    assert worker.run_once()
    assert not worker.run_once()
    assert queue.dead_letters("sample") == []


def test_an_unknown_tick_does_not_end_the_worker(queue: Queue) -> None:
    app = function()
    queue.send("sample", json.dumps({"source": TICK_SOURCE, "detail": {"name": "none"}}))
    worker = Worker(app, queue, owner="w")
    while worker.run_once():
        pass
    assert len(queue.dead_letters("sample")) == 1


def test_a_long_handler_keeps_its_message(queue: Queue) -> None:
    app = function()
    began, finish = threading.Event(), threading.Event()

    @app.on_object("a/", suffix=".json")
    def created(event: ObjectCreated) -> None:
        began.set()
        assert finish.wait(20)

    queue.send("sample", notification("a/1.json"))
    worker = Worker(app, queue, owner="w", lease_s=0.6)
    thread = threading.Thread(target=worker.run_once)
    thread.start()
    assert began.wait(10)
    # Three leases long, nobody else gets it.
    assert queue.receive("sample", "other", 60, wait_s=1.8) == []
    finish.set()
    thread.join(10)
    assert queue.depth("sample").oldest_age_s == 0


def test_stop_lets_the_message_in_hand_finish(queue: Queue) -> None:
    app, seen = function(), []
    worker = Worker(app, queue, owner="w")

    @app.on_object("a/", suffix=".json")
    def created(event: ObjectCreated) -> None:
        worker.stop()
        seen.append(event.key)

    queue.send("sample", notification("a/1.json"))
    queue.send("sample", notification("a/2.json"))
    worker.run()
    assert seen == ["a/1.json"]
    assert queue.depth("sample").visible == 1
