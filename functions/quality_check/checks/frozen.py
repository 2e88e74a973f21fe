"""`frozen_share`: how much of the recording shows a picture that does not change."""

from __future__ import annotations

from functions.quality_check.measured import JUDGED, Measured
from greenroom.domain.quality import Finding


def frozen(measured: Measured) -> Finding:
    ranges = measured.detected.frozen
    return measured.finding(
        "frozen_share",
        None if ranges is None else measured.share(ranges),
        "share",
        measured.tiers.frozen_share,
        more_is_worse=True,
        ranges=ranges or (),
        confidence=JUDGED,
    )
