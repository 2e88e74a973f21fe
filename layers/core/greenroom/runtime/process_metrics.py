"""Prometheus metrics of running batches: the process figures, one series per batch whose deadline is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric

from greenroom.domain.figures import figures_of

if TYPE_CHECKING:
    from greenroom.adapters.database import Database


def process_metrics(database: Database) -> Iterator[Metric]:
    """Funnel, time to the mail and success of recordings. What is not known has no sample. Raises `Unavailable`."""
    with database.reading() as tx:
        running = [figures_of(counts) for counts in tx.figures.running()]
    reached = GaugeMetricFamily(
        "greenroom_batch_interviews_reached",
        "Interviews of a running batch that came to a step of the funnel or further.",
        labels=("batch", "step"),
    )
    mail = GaugeMetricFamily(
        "greenroom_batch_invitation_seconds",
        "From the batch to its invitations accepted by the relay.",
        labels=("batch", "quantile"),
    )
    recordings = GaugeMetricFamily(
        "greenroom_batch_recordings",
        "Recorded answers of a running batch, and those saved with every loss named.",
        labels=("batch", "outcome"),
    )
    for batch in running:
        for step in batch.funnel:
            if step.reached is not None:
                reached.add_metric([batch.batch, step.step.value], step.reached)
        minutes = batch.minutes_to_mail
        for quantile, value in (("0.5", minutes.median), ("0.95", minutes.p95)):
            if value is not None:
                mail.add_metric([batch.batch, quantile], value * 60)
        recordings.add_metric([batch.batch, "recorded"], batch.recordings.recorded)
        recordings.add_metric([batch.batch, "saved"], batch.recordings.saved)
    yield from (reached, mail, recordings)
