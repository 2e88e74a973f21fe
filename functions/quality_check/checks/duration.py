"""`duration_s`: the answer's length from its packets; headers lie."""

from __future__ import annotations

from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding
from greenroom.domain.template import Tier

START_SLACK_S = 0.5
"""Seconds by which a recorder may start after, or stop before, the clock that the candidate sees."""


def duration(measured: Measured) -> Finding:
    """The question's `min_s` is the floor; without one there is none."""
    least = measured.question.min_s - START_SLACK_S
    tier = Tier(floor=least if least > 0 else None)
    value = round(measured.facts.duration_s, 3)
    return measured.finding("duration_s", value, "s", tier, more_is_worse=False)
