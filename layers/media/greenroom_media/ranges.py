"""Arithmetic on time ranges: closing, lengthening, subtracting. All in seconds, sorted, not overlapping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenroom.domain.quality import TimeRange

Ranges = tuple[TimeRange, ...]
_TOLERANCE_S = 0.05
"""Detectors see a stretch's edges to within a frame; a range this near to the stream's end touches it."""


def closed(marks: Iterable[tuple[bool, float]], end_s: float) -> Ranges:
    """Ranges from (is a start, time) marks in order; one that stays open ends at `end_s`."""
    found, start = [], None
    for is_start, at in marks:
        if is_start:
            start = at
        elif start is not None:
            found.append(_range(start, at))
            start = None
    if start is not None:
        found.append(_range(start, end_s))
    return tuple(found)


def lasting(ranges: Iterable[TimeRange], at_least_s: float) -> Ranges:
    """Those that last `at_least_s` or longer."""
    return tuple(
        one for one in ranges if one.end_s - one.start_s >= max(at_least_s - _TOLERANCE_S, 1e-6)
    )


def lengthened(ranges: Ranges, from_s: float, end_s: float, at_least_s: float) -> Ranges:
    """`ranges` with the time from `from_s` to `end_s` added, when that makes a range of `at_least_s`."""
    if end_s <= from_s:
        return ranges
    if ranges and ranges[-1].end_s >= from_s - _TOLERANCE_S:
        return (*ranges[:-1], _range(ranges[-1].start_s, end_s))
    return (*ranges, *lasting([_range(from_s, end_s)], at_least_s))


def without(ranges: Ranges, others: Ranges) -> Ranges:
    """The parts of `ranges` that no range of `others` covers."""
    left: list[TimeRange] = list(ranges)
    for other in others:
        left = [piece for one in left for piece in _cut(one, other)]
    return tuple(left)


def _cut(one: TimeRange, other: TimeRange) -> Sequence[TimeRange]:
    if other.end_s <= one.start_s or other.start_s >= one.end_s:
        return [one]
    pieces = []
    if other.start_s > one.start_s:
        pieces.append(_range(one.start_s, other.start_s))
    if other.end_s < one.end_s:
        pieces.append(_range(other.end_s, one.end_s))
    return pieces


def _range(start_s: float, end_s: float) -> TimeRange:
    start_s = max(0.0, start_s)
    return TimeRange(start_s=round(start_s, 3), end_s=round(max(start_s, end_s), 3))


def merged(ranges: Iterable[TimeRange], apart_s: float = 0.0) -> Ranges:
    """`ranges` in order of time, those that overlap or lie at most `apart_s` apart made one."""
    found: list[TimeRange] = []
    for one in sorted(ranges, key=lambda item: (item.start_s, item.end_s)):
        if found and one.start_s <= found[-1].end_s + apart_s:
            found[-1] = _range(found[-1].start_s, max(found[-1].end_s, one.end_s))
        else:
            found.append(one)
    return tuple(found)


def covered_s(ranges: Iterable[TimeRange], start_s: float, end_s: float) -> float:
    """Seconds of `start_s` to `end_s` that `ranges` cover."""
    return sum(max(0.0, min(one.end_s, end_s) - max(one.start_s, start_s)) for one in ranges)
