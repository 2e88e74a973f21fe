"""监控: how the interviews that are running now are doing, against the targets of their templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from greenroom.domain.presence import HealthSample
from greenroom.domain.template import QualityTiers, Tier

RECENT = 30
"""Points kept of each metric for its spark line: two and a half minutes at one every five seconds."""
SHOWN_FOR = timedelta(hours=1)
"""An interview that was not heard of for longer is no longer running; its flags and its log remember it."""
WAITING_S = 30.0
"""Bytes that wait for longer tell of a line that is down: a part takes a second or two on a good one."""

Level = Literal["ok", "below_target", "below_floor", "not_measured"]
Point = tuple[float | None, float | None, float]
"""fps, snr_db, waiting_s of one sample."""


class Anomaly(StrEnum):
    """What is worth HR's eye, worst first."""

    AWAY = "away"
    CAMERA = "camera"
    NETWORK = "network"
    BELOW_FLOOR = "below_floor"


@dataclass(frozen=True)
class Metric:
    """A value with its level against the template's target and floor; None where it is not measured."""

    value: float | None
    level: Level


@dataclass(frozen=True)
class Reading:
    """One running interview. `fps` frames a second, `snr_db` dB, `screen_px` lines of the shared screen."""

    fps: Metric
    snr_db: Metric
    screen_px: Metric
    waiting_s: float
    anomaly: Anomaly | None


def read(
    sample: HealthSample,
    tiers: QualityTiers,
    *,
    away_since: datetime | None,
    trouble_since: datetime | None,
) -> Reading:
    """The newest sample of an interview, judged; a value below its floor is an anomaly while it is recorded."""
    fps = measured(sample.fps, tiers.fps)
    snr = measured(sample.snr_db, tiers.snr_db)
    # A window is shared in any size: lines say whether its text can be read.
    screen = measured(sample.screen_height, tiers.screen_height_px)
    anomaly = None
    if away_since is not None:
        anomaly = Anomaly.AWAY
    elif trouble_since is not None:
        anomaly = Anomaly.CAMERA
    elif sample.waiting_s >= WAITING_S:
        anomaly = Anomaly.NETWORK
    elif "below_floor" in (fps.level, snr.level, screen.level) and sample.phase == "recording":
        anomaly = Anomaly.BELOW_FLOOR
    return Reading(fps, snr, screen, sample.waiting_s, anomaly)


def measured(value: float | None, tier: Tier) -> Metric:
    """`value`, of which more is better, against `tier`."""
    if value is None:
        return Metric(None, "not_measured")
    if tier.floor is not None and value < tier.floor:
        return Metric(value, "below_floor")
    if tier.target is not None and value < tier.target:
        return Metric(value, "below_target")
    return Metric(value, "ok")


def extended(recent: Sequence[Point], samples: Sequence[HealthSample]) -> list[Point]:
    """`recent` with the points of newer `samples`, oldest first, no more than `RECENT`."""
    points = [(sample.fps, sample.snr_db, sample.waiting_s) for sample in samples]
    return [*recent, *points][-RECENT:]


def spark_line(
    values: Sequence[float | None], *, top: float, width: int = 60, height: int = 16
) -> list[str]:
    """Lines of an SVG picture: `points` of a polyline for each run of values, from 0 to `top` in `height` px.

    The newest value is at the right edge; what was not measured is a hole.
    """
    step = width / (RECENT - 1)
    left = width - step * (len(values) - 1)
    lines: list[str] = []
    run: list[str] = []
    for number, value in enumerate([*values, None]):
        if value is None:
            if run:
                lines.append(" ".join(run))
            run = []
            continue
        share = 0.0 if value < 0 else 1.0 if value > top else value / top
        # Rounded by adding a half: a page draws ninety points a row, and a format with decimals takes twice as long.
        run.append(f"{int(left + number * step + 0.5)},{int(height - 0.5 - share * (height - 2))}")
    return lines
