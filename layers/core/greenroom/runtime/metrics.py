"""Prometheus metrics of every stage, counted by the database when they are asked for.

Handlers live for seconds, on many machines: a counter in their memory would be lost with them. What a stage owes and
what it did stands in rows, so any process that reaches the database tells the same. Labels hold names of stages and
codes of our own, nothing of a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from greenroom.adapters.database import Database

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

Families = Callable[[], Iterable[Metric]]


def exposition(*families: Families) -> str:
    """The families in Prometheus' text format, each read once. Raises what they raise."""
    registry = CollectorRegistry(auto_describe=False)
    for one in families:
        registry.register(_Read(list(one())))
    return generate_latest(registry).decode()


class _Read(Collector):
    """Families that were read before: an error of the database reaches the caller and not the library."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def stage_metrics(database: Database) -> Iterator[Metric]:
    """What waits, what was done and what failed, by stage. Raises `Unavailable`."""
    with database.reading() as tx:
        now = tx.clock()
        waiting = tx.backlog.waiting()
        dead = tx.backlog.dead()
        unfinished = tx.backlog.unfinished()
        lately = tx.backlog.lately()
    items = _gauge(
        "stage_waiting", "Items of a stage that wait; of upload: being recorded.", "stage"
    )
    age = _gauge("stage_oldest_waiting_seconds", "How long the oldest of them waits.", "stage")
    done = _gauge("last_hour_done", "Items that a stage finished in the last hour.", "stage")
    for one in waiting:
        items.add_metric([one.stage], one.items)
        since_s = 0.0 if one.oldest is None else (now - one.oldest).total_seconds()
        age.add_metric([one.stage], max(0.0, since_s))
        done.add_metric([one.stage], lately.done[one.stage])
    failures = _gauge("last_hour_failures", "What went wrong in the last hour.", "stage", "code")
    for (stage, code), count in sorted(lately.failures.items()):
        failures.add_metric([stage, code], count)
    letters = _gauge("stage_dead_letters", "Mails and webhooks that were given up.", "stage")
    for stage, count in dead.items():
        letters.add_metric([stage], count)
    lost = _gauge("last_hour_lost_seconds", "Recorded, and missing from last hour's recordings.")
    lost.add_metric([], lately.lost_ms / 1000)
    untold = _gauge(
        "recordings_unfinished",
        "Begun, never finished, interview over: their loss is not measured.",
    )
    untold.add_metric([], unfinished)
    recordings = _gauge("last_hour_recordings", "Answers that were put together in the last hour.")
    recordings.add_metric([], lately.recordings)
    yield from (items, age, done, failures, letters, recordings, lost, untold)


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"greenroom_{name}", told, labels=labels)
