"""Single looks at a recording, in order of time, and the ranges that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from greenroom.domain.quality import TimeRange
from greenroom_media.picture import Mark
from greenroom_media.ranges import Ranges


@dataclass(frozen=True)
class Look:
    """What one picture shows at `time_s`.

    `faces`: how many, None where nobody looked for them or nothing can be seen; `confidence`: how sure the
    detector is of that number, 0–1.
    """

    time_s: float
    marks: frozenset[Mark]
    faces: int | None = None
    confidence: float = 0.0

    @property
    def hidden(self) -> bool:
        """Nothing can be seen: neither a face nor that there is none."""
        return bool(self.marks & {"black", "covered"})


def ranges(
    looks: Sequence[Look],
    holds: Callable[[Look], bool],
    start_s: float,
    end_s: float,
    at_least_s: float,
) -> Ranges:
    """Where `holds`, for `at_least_s` or longer. A change is taken to be midway between two looks.

    The first look stands for the time from `start_s` on, the last until `end_s`.
    """
    if not looks:
        return ()
    edges = [start_s, *((a.time_s + b.time_s) / 2 for a, b in pairwise(looks)), end_s]
    found: list[TimeRange] = []
    begun: float | None = None
    for number, look in enumerate(looks):
        if holds(look):
            begun = edges[number] if begun is None else begun
        elif begun is not None:
            found.append(_range(begun, edges[number]))
            begun = None
    if begun is not None:
        found.append(_range(begun, end_s))
    return tuple(one for one in found if one.end_s - one.start_s >= at_least_s)


def _range(start_s: float, end_s: float) -> TimeRange:
    return TimeRange(start_s=round(max(0.0, start_s), 3), end_s=round(max(start_s, end_s), 3))
