"""The queue against its plainest description, over any order of calls."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from greenroom_local.queue import Queue

MAX_RECEIVES = 3


@dataclass
class Expected:
    """What a message should be. `visible_s` on the model's clock; `lease` the receipt in force."""

    visible_s: int
    received: int = 0
    lease: str = ""
    owner: str = ""


class QueueMachine(RuleBasedStateMachine):
    """Two connections, as of two processes, one clock in whole seconds."""

    receipts = Bundle("receipts")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.seconds = 0
        start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

        def clock() -> dt.datetime:
            return start + dt.timedelta(seconds=self.seconds)

        self.queues = [
            Queue(
                Path(self.folder.name),
                max_receives=MAX_RECEIVES,
                backoff_base_s=1,
                backoff_cap_s=2,
                clock=clock,
            )
            for _ in range(2)
        ]
        self.alive: dict[str, Expected] = {}
        self.dead: set[str] = set()

    def teardown(self) -> None:
        for queue in self.queues:
            queue.close()
        self.folder.cleanup()

    which = st.integers(0, 1)

    @rule(which=which, delay=st.integers(0, 3))
    def send(self, which: int, delay: int) -> None:
        sent = self.queues[which].send("q", "body", delay)
        self.alive[sent] = Expected(self.seconds + delay)

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds

    @rule(
        target=receipts,
        which=which,
        owner=st.sampled_from("ab"),
        visibility=st.integers(1, 4),
        limit=st.integers(1, 3),
    )
    def receive(self, which: int, owner: str, visibility: int, limit: int):  # type: ignore[no-untyped-def]
        due = {key for key, value in self.alive.items() if value.visible_s <= self.seconds}
        spent = {key for key in due if self.alive[key].received >= MAX_RECEIVES}
        messages = self.queues[which].receive("q", owner, visibility, limit)
        for key in spent:
            del self.alive[key]
        self.dead |= spent
        assert len(messages) == min(limit, len(due - spent))
        for message in messages:
            assert message.id in due
            expected = self.alive[message.id]
            expected.received += 1
            assert message.receive_count == expected.received
            expected.visible_s = self.seconds + visibility
            expected.lease, expected.owner = message.receipt, owner
        return multiple(*(message.receipt for message in messages))

    @rule(which=which, receipt=receipts)
    def delete(self, which: int, receipt: str) -> None:
        key = self._leased(receipt)
        assert self.queues[which].delete(receipt) == (key is not None)
        if key is not None:
            del self.alive[key]

    @rule(which=which, receipt=receipts, visibility=st.integers(1, 4))
    def extend(self, which: int, receipt: str, visibility: int) -> None:
        key = self._leased(receipt)
        assert self.queues[which].extend(receipt, visibility) == (key is not None)
        if key is not None:
            self.alive[key].visible_s = self.seconds + visibility

    @rule(which=which, receipt=receipts, delay=st.one_of(st.none(), st.integers(0, 3)))
    def release(self, which: int, receipt: str, delay: int | None) -> None:
        key = self._leased(receipt)
        assert self.queues[which].release(receipt, delay, "error") == (key is not None)
        if key is None:
            return
        expected = self.alive[key]
        if expected.received >= MAX_RECEIVES:
            del self.alive[key]
            self.dead.add(key)
            return
        pause = min(2, 2 ** (expected.received - 1)) if delay is None else delay
        expected.visible_s, expected.lease, expected.owner = self.seconds + pause, "", ""

    @rule(which=which, owner=st.sampled_from("ab"))
    def release_owner(self, which: int, owner: str) -> None:
        held = [value for value in self.alive.values() if value.owner == owner]
        assert self.queues[which].release_owner(owner) == len(held)
        for expected in held:
            expected.visible_s, expected.lease, expected.owner = self.seconds, "", ""

    @rule(which=which)
    def redrive(self, which: int) -> None:
        assert self.queues[which].redrive("q") == len(self.dead)
        self.alive |= {key: Expected(self.seconds) for key in self.dead}
        self.dead = set()

    @invariant()
    def nothing_is_lost(self) -> None:
        depth = self.queues[0].depth("q")
        assert depth.visible + depth.delayed + depth.leased == len(self.alive)
        assert {letter.id for letter in self.queues[1].dead_letters("q")} == self.dead

    def _leased(self, receipt: str) -> str | None:
        found = [key for key, value in self.alive.items() if value.lease == receipt]
        return found[0] if found else None


TestQueueModel = QueueMachine.TestCase
TestQueueModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
