"""Holds what the quality check says about twins against their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.accuracy.sounds import Span
from benchmarks.accuracy.twins import LEAST_S, Twin
from functions.quality_check.checks import CHECKS
from functions.quality_check.measured import measure
from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.quality import Finding
from greenroom.domain.template import QualityTiers, Question
from greenroom_media.run import Limits
from greenroom_media.survey import FaceCounter

CODES = (
    *("blur_share", "black_share", "frozen_share", "covered_share", "low_light_share"),
    *("no_face_share", "several_faces_share", "snr_db", "clipping_share", "silence_share"),
    *("fps", "duration_s", "av_offset_s"),
)
_RAISED = ("warning", "re_record")


@dataclass
class Tally:
    """What became of one code: counts over twins, and the largest error of an edge in seconds."""

    found: int = 0
    missed: int = 0
    false: int = 0
    range_error_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        whole = self.found + self.missed
        return self.found / whole if whole else 1.0

    @property
    def precision(self) -> float:
        whole = self.found + self.false
        return self.found / whole if whole else 1.0


@dataclass
class Judgement:
    """All tallies by code, and the errors of the signal-to-noise ratio in dB by twin."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {code: Tally() for code in CODES})
    snr_errors_db: dict[str, float] = field(default_factory=dict)

    def figures(self) -> dict[str, float]:
        tallies = [tally for tally in self.tallies.values() if tally.found + tally.missed]
        return {
            "defect_recall_min": min(tally.recall for tally in tallies),
            "defect_precision_min": min(tally.precision for tally in tallies),
            "range_error_s_max": max(tally.range_error_s for tally in tallies),
            "snr_error_db_max": max(self.snr_errors_db.values(), default=0.0),
        }

    def add(self, name: str, twin: Twin, findings: Iterable[Finding]) -> None:
        """Count one twin; `name` is how a wrong answer is reported."""
        by_code = {finding.code: finding for finding in findings}
        for code, tally in self.tallies.items():
            finding = by_code[code]
            raised = finding.level in _RAISED
            if code in twin.defects:
                tally.found += raised
                tally.missed += not raised
                if not raised:
                    tally.wrong.append(f"missed in {name}: {finding.value}")
                elif twin.defects[code]:
                    error = range_error_s(finding, twin.defects[code])
                    if error > tally.range_error_s:
                        tally.range_error_s = error
                    if error > 0.5:
                        tally.wrong.append(f"{name} off by {error:.2f} s")
            elif code not in twin.unknown and raised:
                tally.false += 1
                tally.wrong.append(f"false in {name}: {finding.value}")
        if twin.snr_db is not None:
            value = by_code["snr_db"].value
            # Not measured is an answer for the table of classes, not an error in dB.
            if value is not None and 5 <= twin.snr_db <= 40:
                self.snr_errors_db[name] = abs(value - twin.snr_db)


def findings(twin: Twin, counter: FaceCounter | None) -> list[Finding]:
    """What quality_check finds at the default tiers."""
    assembled = AssembledTrack(
        track="camera",
        status="complete",
        recording="recordings/twin",
        sha256=hashlib.sha256(twin.path.read_bytes()).hexdigest(),
    )
    question = Question(id="q", text={"en": "Why?"}, min_s=LEAST_S)
    measured = measure(assembled, twin.path, question, QualityTiers(), Limits(), counter)
    return [check(measured) for check in CHECKS["camera"]]


def range_error_s(finding: Finding, labels: tuple[Span, ...]) -> float:
    """The largest distance between a label's edge and that of what was found there; a false range's length."""
    found = [(one.start_s, one.end_s) for one in finding.ranges]
    worst = 0.0
    for start_s, end_s in labels:
        over = [one for one in found if one[0] < end_s and one[1] > start_s]
        if not over:
            return end_s - start_s
        worst = max(worst, abs(over[0][0] - start_s), abs(over[-1][1] - end_s))
        worst = max([worst, *(two[0] - one[1] for one, two in pairwise(over))])
        found = [one for one in found if one not in over]
    return max([worst, *(end_s - start_s for start_s, end_s in found)])
