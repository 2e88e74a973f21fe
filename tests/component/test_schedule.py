"""The scheduler: due ticks once each, across restarts, and never piled up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenroom.host.wiring import Schedule, Wired
from greenroom_local.queue import Queue
from greenroom_local.schedule import Scheduler

WIRING = {
    "one": Wired("one", (), (Schedule("sweep", 1),), (), 60),
    "two": Wired("two", (), (Schedule("sweep", 5),), (), 60),
}


class Clock:
    now = datetime(2026, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def take(queue: Queue, name: str) -> list[str]:
    messages = queue.receive(name, "w", 60, max_messages=10)
    for message in messages:
        queue.delete(message.receipt)
    return [json.loads(message.body)["detail"]["name"] for message in messages]


def test_a_tick_comes_when_its_minutes_have_passed(tmp_path: Path) -> None:
    clock, queue = Clock(), Queue(tmp_path)
    scheduler = Scheduler(WIRING, queue, tmp_path, clock=clock)
    assert scheduler.tick() == ["one.sweep", "two.sweep"]
    assert take(queue, "one") == ["sweep"]
    assert scheduler.tick() == []
    clock.now += timedelta(minutes=1)
    assert scheduler.tick() == ["one.sweep"]
    assert take(queue, "one") == ["sweep"]


def test_a_restart_sends_nothing_twice(tmp_path: Path) -> None:
    clock, queue = Clock(), Queue(tmp_path)
    Scheduler(WIRING, queue, tmp_path, clock=clock).tick()
    again = Scheduler(WIRING, queue, tmp_path, clock=clock)
    assert again.tick() == []
    clock.now += timedelta(hours=3)  # a long pause is made up for by one tick
    take(queue, "one")
    assert again.tick() == ["one.sweep"]
    assert take(queue, "one") == ["sweep"]


def test_ticks_do_not_pile_up_before_a_busy_worker(tmp_path: Path) -> None:
    clock, queue = Clock(), Queue(tmp_path)
    scheduler = Scheduler(WIRING, queue, tmp_path, clock=clock)
    for _ in range(5):
        scheduler.tick()
        clock.now += timedelta(minutes=1)
    assert take(queue, "one") == ["sweep"]


def test_a_clock_set_back_silences_nothing(tmp_path: Path) -> None:
    clock, queue = Clock(), Queue(tmp_path)
    Scheduler(WIRING, queue, tmp_path, clock=clock).tick()
    take(queue, "one")
    clock.now -= timedelta(days=2)
    again = Scheduler(WIRING, queue, tmp_path, clock=clock)
    assert again.tick() == ["one.sweep"]
    take(queue, "one")
    clock.now += timedelta(minutes=1)
    assert again.tick() == ["one.sweep"]


def test_a_tick_that_a_worker_holds_is_not_doubled(tmp_path: Path) -> None:
    clock, queue = Clock(), Queue(tmp_path)
    scheduler = Scheduler(WIRING, queue, tmp_path, clock=clock)
    scheduler.tick()
    [held] = queue.receive("one", "w", 3600)
    clock.now += timedelta(minutes=1)
    assert scheduler.tick() == []
    queue.delete(held.receipt)
    clock.now += timedelta(minutes=1)
    assert scheduler.tick() == ["one.sweep"]
