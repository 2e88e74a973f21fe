"""The pocket platform's queues as Prometheus metrics; other brokers bring exporters of their own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from greenroom_local.queue import Queue


def queue_metrics(queues: Queue) -> Iterator[Metric]:
    """Messages, the age of the oldest and dead letters, by queue."""
    messages = GaugeMetricFamily(
        "greenroom_queue_messages", "Messages by what holds them.", labels=["queue", "state"]
    )
    age = GaugeMetricFamily(
        "greenroom_queue_oldest_message_seconds", "Since it was first sent.", labels=["queue"]
    )
    dead = GaugeMetricFamily(
        "greenroom_queue_dead_letters", "Messages that nobody could finish.", labels=["queue"]
    )
    for name in queues.queues():
        depth = queues.depth(name)
        for state in ("visible", "delayed", "leased"):
            messages.add_metric([name, state], getattr(depth, state))
        age.add_metric([name], depth.oldest_age_s)
        dead.add_metric([name], depth.dead)
    yield from (messages, age, dead)
