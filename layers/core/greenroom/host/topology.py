"""What RabbitMQ must hold for the wiring table: exchanges, queues of functions and of their ticks, dead letters.

store ── topic F ──▶ greenroom ── F ─────▶ queue F ──▶ worker ──▶ acknowledged
schedules ─────────▶     │                    │ killed its worker too often      │ its handler failed
                         ├── F.sweep ▶ queue F.sweep (holds one tick)            │
                         ▲                    ▼                                  ▼
                         │           greenroom.dead ── F ▶ F.dead        greenroom.wait ── wait_s ▶ greenroom.wait.4
                         └──────────────────────── its time is over, under its own key ◀─────────────────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from greenroom.adapters.broker import Binding, Exchange, Queue, Topology
from greenroom.adapters.broker_queue import WAIT_HEADER, Retries
from greenroom.host.wiring import Wired

EVENTS = "greenroom"
WAIT = "greenroom.wait"
DEAD = "greenroom.dead"
WAITS_S = (1, 4, 16, 64)
MOST_TRIES = 8
"""Waits of 1, 4, 16 and four times 64 s: a neighbour that restarts is outlived, a poison message is out of the way
after five minutes."""

_QUORUM = {"x-queue-type": "quorum"}
_SAFE = {**_QUORUM, "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
"""Without these a quorum queue drops what it cannot dead-letter at once."""


def topology(wiring: Mapping[str, Wired]) -> Topology:
    """All that must be declared. A topic of the store bears its function's name, which is the routing key."""
    functions = [wired.name for wired in wiring.values() if wired.triggers]
    ticks = list(chain.from_iterable(map(tick_queues, wiring.values())))
    return Topology(
        exchanges=(Exchange(EVENTS, "topic"), Exchange(WAIT, "headers"), Exchange(DEAD, "direct")),
        queues=(
            *(Queue(dead_queue(name), _QUORUM) for name in functions),
            *(_waiting(seconds) for seconds in WAITS_S),
            *(_working(name) for name in functions),
            *(_ticking(name) for name in ticks),
        ),
        bindings=(
            *(Binding(dead_queue(name), DEAD, name) for name in functions),
            *(
                Binding(f"{WAIT}.{seconds}", WAIT, "", {"x-match": "all", WAIT_HEADER: seconds})
                for seconds in WAITS_S
            ),
            *(Binding(name, EVENTS, name) for name in (*functions, *ticks)),
        ),
    )


def tick_queues(wired: Wired) -> list[str]:
    """A queue for each schedule of a function; its routing key is its name."""
    return [f"{wired.name}.{schedule.name}" for schedule in wired.schedules]


def dead_queue(function: str) -> str:
    return f"{function}.dead"


def retries(function: str) -> Retries:
    """What becomes of a message whose handler failed."""
    return Retries(function, WAIT, DEAD, WAITS_S, MOST_TRIES)


def _working(name: str) -> Queue:
    limit = {"x-delivery-limit": MOST_TRIES}
    return Queue(name, {**_SAFE, **limit, "x-dead-letter-exchange": DEAD})


def _waiting(seconds: int) -> Queue:
    """Its messages go back under the routing key that they came with."""
    until = {"x-message-ttl": seconds * 1000, "x-dead-letter-exchange": EVENTS}
    return Queue(f"{WAIT}.{seconds}", {**_SAFE, **until})


def _ticking(name: str) -> Queue:
    """A tick that finds one waiting takes its place: a pause is made up for by one, not by all that were missed."""
    return Queue(name, {**_QUORUM, "x-max-length": 1, "x-overflow": "drop-head"})
