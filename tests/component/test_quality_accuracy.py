"""A lean part of `make eval`: one clip, spoilt in some ways, and nothing but that is found, where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accuracy.clips import generated
from benchmarks.accuracy.judge import Judgement, findings, range_error_s
from benchmarks.accuracy.twins import twins
from greenroom.domain.quality import Finding, TimeRange
from greenroom_vision.detector import best_detector

KINDS = frozenset(
    {"good", "blur", "covered_bright", "low_light", "frozen", "two_faces", "noise_20", "clipped"}
)


@pytest.mark.slow
def test_each_defect_is_found_and_nothing_else(tmp_path: Path) -> None:
    judgement = Judgement()
    seen = set()
    for twin in twins(generated(tmp_path), tmp_path, KINDS):
        judgement.add(twin.kind, twin, findings(twin, best_detector()))
        seen.add(twin.kind)
    assert seen == KINDS
    assert {code: tally.wrong for code, tally in judgement.tallies.items() if tally.wrong} == {}
    figures = judgement.figures()
    assert figures["defect_recall_min"] == figures["defect_precision_min"] == 1
    assert figures["range_error_s_max"] <= 0.5
    assert list(judgement.snr_errors_db) == ["noise_20"]
    assert figures["snr_error_db_max"] <= 3


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ([(4.0, 6.0)], 0.0),
        ([(3.8, 6.3)], 0.3),
        ([(4.0, 4.8), (5.2, 6.0)], 0.4),
        ([(4.0, 6.0), (8.0, 9.0)], 1.0),
        ([], 2.0),
    ],
)
def test_the_error_of_a_range(found: list[tuple[float, float]], error: float) -> None:
    finding = Finding(
        code="blur_share",
        track="camera",
        level="warning",
        value=0.2,
        unit="share",
        ranges=[TimeRange(start_s=start_s, end_s=end_s) for start_s, end_s in found],
    )
    assert range_error_s(finding, ((4.0, 6.0),)) == pytest.approx(error)
