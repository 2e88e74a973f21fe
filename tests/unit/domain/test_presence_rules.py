"""What the candidate's page says: hostile documents are refused, absences and dead cameras told apart."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.errors import Invalid
from greenroom.domain.presence import (
    GONE_AFTER,
    MAX_REPORTED,
    HealthReport,
    HealthSample,
    StepReport,
    TimeFactor,
    absence_cause,
    watch_camera,
)

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def sample(seconds: float, camera: str | None = "ok", phase: str = "recording") -> HealthSample:
    return HealthSample.model_validate({"at": at(seconds), "phase": phase, "camera": camera})


def step(**other: Any) -> str:
    told = {"id": "a", "step": "camera_ready", "at": "2026-11-23T08:00:00Z", **other}
    return json.dumps({"steps": [told]})


def health(**other: Any) -> str:
    told = {"at": "2026-11-23T08:00:00Z", "phase": "recording", **other}
    return json.dumps({"samples": [told]})


@pytest.mark.parametrize(
    "body",
    [
        step(id=""),
        step(id="a" * 65),
        step(id="a b"),
        step(id="a\n"),
        step(step="submitted"),
        step(at="2026-11-23T08:00:00"),
        step(at="0001-01-01T00:00:00+14:00"),
        step(at="9999-12-31T23:59:59-14:00"),
        step(details={"x": float("nan")}),
        step(details={"x": float("inf")}),
        step(details={"x": "y" * 101}),
        step(details={"x": {"deep": 1}}),
        step(details={"x": [1]}),
        step(details={"Upper": 1}),
        step(details={f"x_{'a' * number}": 1 for number in range(21)}),
        step(extra=1),
        '{"steps": []}',
        json.dumps({"steps": json.loads(step())["steps"] * 51}),
    ],
)
def test_a_step_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(Invalid) as caught:
        StepReport.parse(body)
    assert caught.value.code == "invalid_document"


@pytest.mark.parametrize(
    "body",
    [
        health(at="9999-12-31T23:59:59-14:00"),
        health(phase="asleep"),
        health(answer="../q1"),
        health(attempt=0),
        health(attempt=1000),
        health(fps=float("nan")),
        health(fps=-1),
        health(snr_db=float("-inf")),
        health(level_dbfs=1e9),
        health(waiting_s=float("nan")),
        health(waiting_s=-0.1),
        health(pending_bytes=2**60),
        health(pending_bytes=0.5),
        health(camera="broken"),
        health(screen_width=-1),
        health(online="perhaps"),
        '{"samples": []}',
        json.dumps({"samples": json.loads(health())["samples"] * (MAX_REPORTED + 1)}),
    ],
)
def test_a_sample_that_is_none_is_refused(body: str) -> None:
    with pytest.raises(Invalid) as caught:
        HealthReport.parse(body)
    assert caught.value.code == "invalid_document"


@given(st.datetimes(timezones=st.timezones()))
def test_any_time_that_has_a_utc_is_taken_as_utc(moment: datetime) -> None:
    body = health(at=moment.isoformat())
    try:
        wanted = datetime.fromisoformat(moment.isoformat()).astimezone(UTC)
    except OverflowError:
        wanted = None
    try:
        told = HealthReport.parse(body).samples[0].at
    except Invalid:
        # A zone of old with seconds in its offset is no RFC 3339 either.
        assert wanted is None or (moment.utcoffset() or timedelta()).total_seconds() % 60
    else:
        assert told == wanted
        assert told.utcoffset() == timedelta()


@pytest.mark.parametrize("factor", [0.99, 4.01, float("nan"), float("inf"), "2x", None])
def test_extra_time_has_bounds(factor: object) -> None:
    with pytest.raises(Invalid):
        TimeFactor.parse(json.dumps({"factor": factor}))


@pytest.mark.parametrize(
    ("kept_at", "cause"),
    [
        ([], "left"),
        ([5], "left"),
        ([*range(5, 600, 5)], "network"),
        # The page was closed after five minutes without a network, and opened again.
        ([*range(5, 300, 5)], "left"),
        # It was asleep in between: a closed lid.
        ([*range(5, 100, 5), *range(500, 600, 5)], "left"),
        # A browser wakes a page in the background once a minute.
        ([*range(60, 600, 60)], "network"),
        # What it said before, and what it says now, tell nothing about the time between.
        ([-10, 600], "left"),
    ],
)
def test_samples_of_the_time_between_tell_why_nothing_was_heard(
    kept_at: list[int], cause: str
) -> None:
    assert absence_cause(at(0), at(600), [sample(seconds) for seconds in kept_at]) == cause


def test_a_full_report_is_only_the_beginning_of_what_was_kept() -> None:
    hour = 3600
    kept = [sample(5 * number) for number in range(1, hour // 5)]
    assert absence_cause(at(0), at(hour), kept[:MAX_REPORTED]) == "network"
    assert absence_cause(at(0), at(hour), kept[: MAX_REPORTED - 1]) == "left"


def told(samples: list[HealthSample], since: datetime | None = None) -> list[tuple[float, str]]:
    _, episodes = watch_camera(since, samples)
    return [((began - START).total_seconds(), str(seen.camera)) for began, seen in episodes.items()]


def test_a_camera_that_shows_nothing_for_ten_seconds_is_told() -> None:
    assert told([sample(0, "black"), sample(5, "black")]) == []
    assert told([sample(0, "black"), sample(5, "covered"), sample(10, "covered")]) == [
        (0, "covered")
    ]
    assert told([sample(0, "black"), sample(9.9, "ok"), sample(10, "black")]) == []
    two = [sample(second, "ok" if second == 20 else "frozen") for second in range(0, 41, 5)]
    assert told(two) == [(0, "frozen"), (25, "frozen")]


@pytest.mark.parametrize("phase", ["preparing", "waiting", "done"])
def test_a_camera_that_nobody_needs_may_show_nothing(phase: str) -> None:
    assert told([sample(second, "black", phase) for second in range(0, 60, 5)]) == []


SAMPLES = st.lists(
    st.tuples(
        st.sampled_from(["ok", "black", "frozen", None, "absent"]),
        st.sampled_from(["recording", "thinking", "waiting"]),
        st.integers(1, 12),
    ),
    max_size=25,
)


@given(SAMPLES, st.lists(st.integers(0, 25), max_size=6))
def test_it_does_not_matter_how_samples_are_put_into_reports(
    given: list[tuple[str | None, str, int]], cuts: list[int]
) -> None:
    samples, seconds = [], 0
    for camera, phase, after in given:
        seconds += after
        samples.append(sample(seconds, camera, phase))
    whole = {began for began, _ in told(samples)}
    since: datetime | None = None
    edges = [0, *sorted(cuts), len(samples)]
    split: set[float] = set()
    for start, end in itertools.pairwise(edges):
        since, episodes = watch_camera(since, samples[start:end])
        split |= {(began - START).total_seconds() for began in episodes}
    assert split == whole


@given(st.lists(st.integers(1, 1000), max_size=MAX_REPORTED - 1))
def test_network_is_said_only_where_no_three_minutes_are_dark(kept_at: list[int]) -> None:
    samples = [sample(seconds) for seconds in sorted(kept_at)]
    edges = [0, *sorted(kept_at), 1000]
    dark = max(later - earlier for earlier, later in itertools.pairwise(edges))
    cause = absence_cause(at(0), at(1000), samples)
    assert cause == ("network" if dark <= GONE_AFTER.total_seconds() else "left")
