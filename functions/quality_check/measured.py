"""What is known about one track when the checks look at it: measured once, judged by each check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.quality import Finding, TimeRange, grade
from greenroom.domain.template import QualityTiers, Question, Tier, TrackName
from greenroom_media.detect import Detected, detect
from greenroom_media.probe import probe
from greenroom_media.recording import Recording
from greenroom_media.run import Limits
from greenroom_media.survey import FaceCounter

COUNTED = 1.0
"""The confidence of what follows from timestamps and sample values alone."""
JUDGED = 0.9
"""The confidence of what rests on a threshold for pictures: degraded twins of real clips were told apart at 0.95."""


@dataclass(frozen=True)
class Measured:
    """A track of an answer to `question`: what its file is and what was detected in it."""

    assembled: AssembledTrack
    facts: Recording
    detected: Detected
    question: Question
    tiers: QualityTiers

    @property
    def track(self) -> TrackName:
        return self.assembled.track

    @property
    def whole(self) -> TimeRange:
        return TimeRange(start_s=0, end_s=round(self.facts.duration_s, 3))

    def share(self, ranges: Sequence[TimeRange]) -> float:
        """The part of the recording's duration that `ranges`, which do not overlap, cover; 0–1."""
        if self.facts.duration_s <= 0:
            return 0.0
        covered = sum(item.end_s - item.start_s for item in ranges)
        return round(min(1.0, covered / self.facts.duration_s), 4)

    def finding(
        self,
        code: str,
        value: float | None,
        unit: str,
        tier: Tier,
        *,
        more_is_worse: bool,
        ranges: Sequence[TimeRange] = (),
        reason: str | None = None,
        confidence: float = COUNTED,
    ) -> Finding:
        """`value` graded against `tier`. `confidence` (0–1) is left out where there is no value."""
        return Finding(
            code=code,
            track=self.track,
            level=grade(value, tier, more_is_worse=more_is_worse),
            value=value,
            unit=unit,
            target=tier.target,
            floor=tier.floor,
            ranges=list(ranges),
            confidence=None if value is None else confidence,
            reason=reason,
        )


def measure(
    assembled: AssembledTrack,
    recording: Path,
    question: Question,
    tiers: QualityTiers,
    limits: Limits,
    counter: FaceCounter | None = None,
) -> Measured:
    """Demux the file once and decode what is needed of it once; faces are counted where there is a `counter`.

    Raises as `probe` and `detect` do.
    """
    facts = probe(recording)
    detected = detect(
        recording, facts, counter=counter if assembled.track == "camera" else None, limits=limits
    )
    return Measured(assembled, facts, detected, question, tiers)
