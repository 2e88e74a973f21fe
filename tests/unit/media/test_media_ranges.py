"""Arithmetic on time ranges holds for any ranges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.quality import TimeRange
from greenroom_media.ranges import Ranges, closed, lasting, lengthened, without


def ranges(*pairs: tuple[float, float]) -> Ranges:
    return tuple(TimeRange(start_s=start, end_s=end) for start, end in pairs)


@st.composite
def some_ranges(draw: st.DrawFn) -> Ranges:
    """Sorted, apart, in whole seconds below 60."""
    marks = sorted(draw(st.sets(st.integers(0, 59), max_size=12)))
    return ranges(*zip(marks[::2], marks[1::2], strict=False))


def seconds(of: Ranges) -> set[int]:
    return {second for one in of for second in range(int(one.start_s), int(one.end_s))}


@given(some_ranges(), some_ranges())
def test_without_is_set_difference(one: Ranges, other: Ranges) -> None:
    assert seconds(without(one, other)) == seconds(one) - seconds(other)


@given(some_ranges(), st.integers(1, 10))
def test_lasting_keeps_the_long_ones(some: Ranges, least: int) -> None:
    assert lasting(some, least) == tuple(r for r in some if r.end_s - r.start_s >= least)


@given(some_ranges(), st.integers(60, 70), st.integers(70, 80), st.integers(1, 15))
def test_lengthened_adds_the_end_or_nothing(
    some: Ranges, from_s: int, end_s: int, least: int
) -> None:
    longer = lengthened(some, from_s, end_s, least)
    added = seconds(longer) - seconds(some)
    assert added == (set(range(from_s, end_s)) if end_s - from_s >= least else set())


def test_a_range_that_touches_the_end_is_lengthened() -> None:
    assert lengthened(ranges((1, 2), (5, 9.98)), 10, 10.4, 2) == ranges((1, 2), (5, 10.4))


def test_an_open_range_is_closed_at_the_end() -> None:
    assert closed([(True, 1), (False, 2), (True, 3)], 9) == ranges((1, 2), (3, 9))
    assert closed([(False, 2), (True, 3), (False, 4)], 9) == ranges((3, 4))
    assert closed([], 9) == ()
