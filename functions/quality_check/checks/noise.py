"""`snr_db`: how far speech rises above the room, in dB."""

from __future__ import annotations

from functions.quality_check.checks.sound import NO_SOUND
from functions.quality_check.measured import Measured
from greenroom.domain.quality import Finding


def noise(measured: Measured) -> Finding:
    """Not measured without enough speech and pauses; a gated or programmed silence gives the cap."""
    snr = measured.detected.snr
    return measured.finding(
        "snr_db",
        None if snr is None else snr.db,
        "dB",
        measured.tiers.snr_db,
        more_is_worse=False,
        reason=NO_SOUND if snr is None else snr.reason,
        confidence=0.0 if snr is None else snr.confidence,
    )
