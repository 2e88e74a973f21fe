"""What the monitoring page says about a running interview."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.monitoring import (
    RECENT,
    Anomaly,
    Level,
    extended,
    measured,
    read,
    spark_line,
)
from greenroom.domain.presence import HealthSample
from greenroom.domain.template import QualityTiers, Tier

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
TIERS = QualityTiers()


def sample(**seen: object) -> HealthSample:
    values = {"at": NOON, "phase": "recording", "fps": 30, "snr_db": 45, "waiting_s": 0}
    return HealthSample.model_validate({**values, **seen})


@pytest.mark.parametrize(
    ("value", "level"),
    [(None, "not_measured"), (9, "below_floor"), (10, "below_target"), (24.9, "below_target"), (25, "ok")],
)  # fmt: skip
def test_a_value_against_its_tier(value: float | None, level: Level) -> None:
    assert measured(value, Tier(target=25, floor=10)).level == level


def test_without_a_tier_everything_is_well() -> None:
    assert measured(1, Tier()).level == "ok"


@pytest.mark.parametrize(
    ("seen", "away", "trouble", "anomaly"),
    [
        ({}, None, None, None),
        ({"fps": 24}, None, None, None),
        ({"fps": 5}, None, None, Anomaly.BELOW_FLOOR),
        ({"fps": 5, "phase": "preparing"}, None, None, None),
        ({"fps": 5, "waiting_s": 31}, None, None, Anomaly.NETWORK),
        ({"waiting_s": 31}, None, NOON, Anomaly.CAMERA),
        ({"waiting_s": 31}, NOON, NOON, Anomaly.AWAY),
    ],
)
def test_the_worst_is_told(
    seen: dict[str, object],
    away: datetime | None,
    trouble: datetime | None,
    anomaly: Anomaly | None,
) -> None:
    assert read(sample(**seen), TIERS, away_since=away, trouble_since=trouble).anomaly == anomaly


def test_the_last_points_are_kept() -> None:
    points = extended((), [sample(fps=float(number)) for number in range(50)])
    assert [point[0] for point in points] == [float(number) for number in range(50 - RECENT, 50)]
    assert extended(points, [sample(fps=None)])[-1] == (None, 45, 0)


def test_what_was_not_measured_is_a_hole() -> None:
    assert spark_line([1, 1, None, 0], top=1) == ["54,1 56,1", "60,15"]
    assert spark_line([], top=1) == []


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=RECENT))
def test_a_spark_line_stays_within_its_picture(values: list[float | None]) -> None:
    points = [point for line in spark_line(values, top=30) for point in line.split()]
    assert len(points) == sum(value is not None for value in values)
    for point in points:
        x, y = (int(number) for number in point.split(","))
        assert 0 <= x <= 60
        assert 0 <= y <= 16
