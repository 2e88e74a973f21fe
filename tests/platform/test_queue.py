"""The queue: leases, back-off, dead letters, and what several processes may do to it at once."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom_local.queue import Queue

DEADLINE_S = 20.0


class TestClock:
    __test__ = False

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def queue(tmp_path: Path, clock: TestClock) -> Iterator[Queue]:
    opened = Queue(tmp_path, max_receives=3, backoff_base_s=1, backoff_cap_s=3, clock=clock)
    yield opened
    opened.close()


def test_a_message_is_received_and_deleted(queue: Queue, clock: TestClock) -> None:
    message_id = queue.send("q", "körper")
    (message,) = queue.receive("q", "worker", 30)
    assert (message.id, message.queue, message.body) == (message_id, "q", "körper")
    assert (message.receive_count, message.first_sent) == (1, clock.now)
    assert queue.delete(message.receipt)
    assert not queue.delete(message.receipt)
    clock.pass_s(1000)
    assert queue.receive("q", "worker", 30) == []


def test_queues_are_apart(queue: Queue) -> None:
    queue.send("a", "1")
    assert queue.receive("b", "worker", 30) == []
    assert queue.queues() == ["a"]


def test_the_oldest_first_and_no_more_than_asked(queue: Queue, clock: TestClock) -> None:
    for body in "abc":
        queue.send("q", body)
        clock.pass_s(1)
    assert [message.body for message in queue.receive("q", "worker", 30, 2)] == ["a", "b"]
    assert [message.body for message in queue.receive("q", "worker", 30, 2)] == ["c"]


def test_a_delayed_message_waits(queue: Queue, clock: TestClock) -> None:
    queue.send("q", "later", delay_s=5)
    clock.pass_s(4.9)
    assert queue.receive("q", "worker", 30) == []
    clock.pass_s(0.2)
    assert queue.receive("q", "worker", 30)


def test_a_lease_hides_and_then_runs_out(queue: Queue, clock: TestClock) -> None:
    queue.send("q", "x")
    (first,) = queue.receive("q", "one", 30)
    clock.pass_s(29)
    assert queue.receive("q", "two", 30) == []
    clock.pass_s(2)
    (second,) = queue.receive("q", "two", 30)
    assert second.receive_count == 2
    assert not queue.delete(first.receipt)
    assert not queue.extend(first.receipt, 30)
    assert not queue.release(first.receipt)
    assert queue.delete(second.receipt)


def test_a_lease_can_be_extended(queue: Queue, clock: TestClock) -> None:
    queue.send("q", "x")
    (message,) = queue.receive("q", "one", 10)
    for _ in range(5):
        clock.pass_s(8)
        assert queue.extend(message.receipt, 10)
        assert queue.receive("q", "two", 10) == []
    assert queue.delete(message.receipt)


def test_failures_back_off_up_to_the_cap(tmp_path: Path, clock: TestClock) -> None:
    queue = Queue(tmp_path, max_receives=6, backoff_base_s=1, backoff_cap_s=5, clock=clock)
    queue.send("q", "x")
    for pause in (1, 2, 4, 5, 5):
        (message,) = queue.receive("q", "worker", 30)
        assert queue.release(message.receipt, error="no")
        clock.pass_s(pause - 0.01)
        assert queue.receive("q", "worker", 30) == []
        clock.pass_s(0.02)
    queue.close()


def test_a_release_can_name_its_delay(queue: Queue, clock: TestClock) -> None:
    queue.send("q", "x")
    (message,) = queue.receive("q", "worker", 30)
    queue.release(message.receipt, delay_s=0)
    assert queue.receive("q", "worker", 30)[0].receive_count == 2


def test_after_the_last_try_it_is_a_dead_letter(queue: Queue, clock: TestClock) -> None:
    sent = clock.now
    queue.send("q", "poison")
    for number in range(3):
        (message,) = queue.receive("q", "worker", 30)
        queue.release(message.receipt, error=f"error {number}")
        clock.pass_s(10)
    assert queue.receive("q", "worker", 30) == []
    (letter,) = queue.dead_letters("q")
    assert (letter.body, letter.receive_count, letter.last_error) == ("poison", 3, "error 2")
    assert letter.first_sent == sent < letter.died
    assert queue.depth("q").dead == 1


def test_a_message_that_kills_its_workers_is_a_dead_letter(queue: Queue, clock: TestClock) -> None:
    queue.send("q", "poison")
    for _ in range(3):
        assert queue.receive("q", "worker", 30)
        clock.pass_s(31)
    assert queue.receive("q", "worker", 30) == []
    (letter,) = queue.dead_letters("q")
    assert "in time" in letter.last_error


def test_redrive_makes_dead_letters_new(queue: Queue, clock: TestClock) -> None:
    sent = clock.now
    for body in "ab":
        queue.send("q", body)
    for _ in range(3):
        for message in queue.receive("q", "worker", 30, 10):
            queue.release(message.receipt)
        clock.pass_s(10)
    first, second = queue.dead_letters("q")
    assert queue.redrive("other") == 0
    assert queue.redrive("q", first.id) == 1
    assert [letter.id for letter in queue.dead_letters("q")] == [second.id]
    (message,) = queue.receive("q", "worker", 30)
    assert (message.id, message.receive_count, message.first_sent) == (first.id, 1, sent)
    assert queue.redrive("q") == 1
    assert queue.dead_letters("q") == []


def test_a_dead_workers_messages_are_free_at_once(queue: Queue, clock: TestClock) -> None:
    for body in "abc":
        queue.send("q", body)
    queue.receive("q", "dead", 1000, 2)
    (alive,) = queue.receive("q", "alive", 1000)
    assert queue.release_owner("dead") == 2
    again = queue.receive("q", "alive", 1000, 10)
    assert [(message.body, message.receive_count) for message in again] == [("a", 2), ("b", 2)]
    assert queue.delete(alive.receipt)


def test_depth_and_age(queue: Queue, clock: TestClock) -> None:
    assert queue.depth("q").oldest_age_s == 0
    queue.send("q", "a")
    clock.pass_s(10)
    queue.send("q", "b")
    queue.send("q", "c", delay_s=60)
    queue.receive("q", "worker", 30)
    clock.pass_s(5)
    depth = queue.depth("q")
    assert (depth.visible, depth.delayed, depth.leased, depth.dead) == (1, 1, 1, 0)
    assert depth.oldest_age_s == 15


def test_a_restart_keeps_messages_and_leases(tmp_path: Path, clock: TestClock) -> None:
    first = Queue(tmp_path, clock=clock)
    first.send("q", "a")
    first.send("q", "b")
    (message,) = first.receive("q", "worker", 30)
    first.close()
    second = Queue(tmp_path, clock=clock)
    assert [found.body for found in second.receive("q", "worker", 30, 10)] == ["b"]
    assert second.delete(message.receipt)
    second.close()


def test_waiting_ends_when_a_message_comes(tmp_path: Path) -> None:
    waiting, sending = Queue(tmp_path), Queue(tmp_path)
    found: list[str] = []
    started = time.monotonic()

    def wait() -> None:
        found.extend(m.body for m in waiting.receive("q", "w", 30, wait_s=DEADLINE_S))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)  # let it settle into its longest pause
    sending.send("other", "not this one")
    sending.send("q", "this")
    thread.join(DEADLINE_S)
    assert found == ["this"]
    assert time.monotonic() - started < DEADLINE_S / 2
    waiting.close()
    sending.close()


def test_waiting_ends_when_a_delay_is_over(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    queue.send("q", "x", delay_s=0.3)
    started = time.monotonic()
    assert queue.receive("q", "w", 30, wait_s=DEADLINE_S)
    assert 0.25 < time.monotonic() - started < DEADLINE_S / 2
    queue.close()


def test_an_idle_worker_costs_nothing(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    before = time.process_time()
    assert queue.receive("q", "w", 30, wait_s=2) == []
    assert time.process_time() - before < 0.05
    queue.close()


WORKER = """
import sys
from pathlib import Path
from greenroom_local.queue import Queue
queue = Queue(Path(sys.argv[1]), backoff_base_s=0.01)
while messages := queue.receive("q", sys.argv[2], 30, 3, wait_s=1):
    for message in messages:
        # Every third is given back once: someone gets it again.
        if int(message.body) % 3 == 0 and message.receive_count == 1:
            assert queue.release(message.receipt)
        else:
            assert queue.delete(message.receipt)
            print(message.body, message.receive_count, flush=True)
"""


def test_processes_share_the_work_without_overlap(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    for number in range(150):
        queue.send("q", str(number))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path), f"worker-{number}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for number in range(150, 300):
        queue.send("q", str(number))
    done = [
        line.split()
        for worker in workers
        for line in worker.communicate(timeout=60)[0].splitlines()
    ]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    times = Counter(int(body) for body, _ in done)
    assert times == Counter(range(300))
    assert all(count == ("2" if int(body) % 3 == 0 else "1") for body, count in done)
    assert queue.depth("q").visible == 0
    queue.close()
