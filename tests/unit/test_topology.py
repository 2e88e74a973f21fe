"""What RabbitMQ must hold, against the wiring table; when ticks are due; probes of a worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from greenroom.domain.errors import MisconfiguredSetting, Unavailable
from greenroom.host.amqp_worker import Settings
from greenroom.host.health import serve_probes
from greenroom.host.ticks import Ticks
from greenroom.host.topology import DEAD, EVENTS, WAIT, WAITS_S, topology
from greenroom.host.wiring import Schedule, Wired, read_wiring

WIRING = read_wiring()
TOPOLOGY = topology(WIRING)
QUEUES = {queue.name: queue.arguments for queue in TOPOLOGY.queues}


def test_each_function_that_objects_start_has_a_queue_and_dead_letters() -> None:
    for wired in WIRING.values():
        assert (wired.name in QUEUES) == (f"{wired.name}.dead" in QUEUES) == bool(wired.triggers)
        for schedule in wired.schedules:
            assert QUEUES[f"{wired.name}.{schedule.name}"]["x-max-length"] == 1


def test_whatever_is_published_reaches_one_queue() -> None:
    """A routing key that two bindings of an exchange share would do work twice; one that none has loses it."""
    exchanges = {exchange.name for exchange in TOPOLOGY.exchanges}
    ways = [(one.exchange, one.key, tuple(one.arguments.items())) for one in TOPOLOGY.bindings]
    assert len(set(ways)) == len(ways)
    assert {way[0] for way in ways} == exchanges == {EVENTS, WAIT, DEAD}
    assert {one.queue for one in TOPOLOGY.bindings} == set(QUEUES)


def test_nothing_is_dropped_on_its_way_to_another_queue() -> None:
    for name, arguments in QUEUES.items():
        assert arguments["x-queue-type"] == "quorum"
        if "x-dead-letter-exchange" in arguments:
            assert arguments["x-dead-letter-strategy"] == "at-least-once", name
            assert arguments["x-overflow"] == "reject-publish", name


def test_waiting_ends_by_itself_and_leads_back() -> None:
    for seconds in WAITS_S:
        arguments = QUEUES[f"{WAIT}.{seconds}"]
        assert arguments["x-message-ttl"] == seconds * 1000
        assert arguments["x-dead-letter-exchange"] == EVENTS


class HandClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_ticks_come_at_the_start_and_then_on_whole_multiples() -> None:
    clock = HandClock()
    schedules = (Schedule("sweep", 1), Schedule("watch", 60))
    wired = Wired("small", (), schedules, (), timeout_s=1)
    ticks = Ticks({"small": wired}, "amqp://nobody/", clock=clock)
    told = []
    for _ in range(61):
        told.append([key for key, _ in ticks.due()])
        assert list(ticks.due()) == []
        clock.now += timedelta(minutes=1)
    assert told[0] == ["small.sweep", "small.watch"]
    assert told[1:60] == [["small.sweep"]] * 59
    assert told[60] == ["small.sweep", "small.watch"]


def test_a_tick_that_could_not_be_told_is_due_again() -> None:
    wired = Wired("small", (), (Schedule("sweep", 60),), (), timeout_s=1)
    ticks = Ticks({"small": wired}, "amqp://nobody/", clock=HandClock())
    next(ticks.due())  # the broker went away before the next was asked for
    assert len(list(ticks.due())) == 1


def refuses() -> None:
    raise Unavailable("nobody there")


@pytest.mark.parametrize(
    ("path", "check", "status"),
    [
        ("/-/health", refuses, 200),
        ("/-/ready", refuses, 503),
        ("/-/ready", lambda: None, 204),
        ("/", lambda: None, 404),
    ],
)
def test_probes_tell_living_from_ready(path: str, check: Callable[[], None], status: int) -> None:
    server = serve_probes("127.0.0.1", 0, check)
    try:
        port = server.server_address[1]
        assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == status
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("url", ["rabbit.example.com", "http://rabbit.example.com", "amqp://"])
def test_a_broker_that_is_no_url_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_BROKER__URL", url)
    with pytest.raises(MisconfiguredSetting, match="GREENROOM_BROKER__URL"):
        Settings.load()
