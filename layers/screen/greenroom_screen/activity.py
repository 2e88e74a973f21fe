"""From steps to what someone does at a screen: ranges of typing, scrolling, switching, and their shares."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from greenroom.domain.analysis import NotMeasured, Observation
from greenroom_screen.steps import Step

NEAR_S = 2.0
"""Seconds between two changes in one line when somebody types, and between two turns of the wheel."""
NEAR_HEIGHT = 0.06
"""Of the picture: the same line, or the next."""
SHORTEST_S = 1.0
"""Seconds that typing lasts at least; a single change in a line is rather a click."""
LEAST_S = 5.0
"""Seconds of screen below which shares say nothing."""
FULL_S = 30.0
"""Seconds from which their number no longer lowers the confidence."""
CONFIDENCE = 0.6
"""Starting values, never compared with labels on real screens."""

KINDS = ("still", "typing", "scrolling", "switching", "moving")
PROVIDES = (*KINDS, "screen_activity", "still_share", "screen_activity_share", "switches_per_min")

Range = tuple[float, float, int]
"""Start and end in seconds, and the steps in it."""


def observations(steps: Sequence[Step]) -> list[Observation]:
    """Ranges of each kind, and what follows for the whole. Raises `NotMeasured` below `LEAST_S` seconds."""
    if not steps or steps[-1].end_s - steps[0].start_s < LEAST_S:
        raise NotMeasured(f"the screen was recorded for less than {LEAST_S:g} s", code="too_short")
    kinds = _kinds(steps)
    found = {kind: _runs(steps, [one == kind for one in kinds]) for kind in KINDS}
    active = _runs(steps, [kind != "still" for kind in kinds])
    start_s, end_s = steps[0].start_s, steps[-1].end_s
    length_s = end_s - start_s
    still_share = sum(end - start for start, end, _ in found["still"]) / length_s

    def whole(kind: str, value: float, unit: str) -> Observation:
        sure = CONFIDENCE * min(1.0, length_s / FULL_S)
        return Observation(
            kind=kind,
            start_s=start_s,
            end_s=end_s,
            value=value,
            unit=unit,
            confidence=sure,
            n=len(steps),
        )

    switches = sum(n for _, _, n in found["switching"])
    return [
        *(_range(kind, one) for kind, runs in found.items() for one in runs),
        *(_range("screen_activity", one) for one in active),
        whole("still_share", min(1.0, still_share), "share"),
        whole("screen_activity_share", max(0.0, 1 - still_share), "share"),
        whole("switches_per_min", switches * 60 / length_s, "1/min"),
    ]


def _kinds(steps: Sequence[Step]) -> list[str]:
    """Changes in one line, one soon after another, are typing, with the short rests between; others are `moving`."""
    kinds: list[str] = ["moving" if step.kind == "local" else step.kind for step in steps]
    local = [number for number, step in enumerate(steps) if step.kind == "local"]
    line: list[int] = []
    for number in [*local, None]:
        if number is not None and (not line or _follows(steps[line[-1]], steps[number])):
            line.append(number)
            continue
        if len(line) > 1 and steps[line[-1]].end_s - steps[line[0]].start_s >= SHORTEST_S:
            for between in range(line[0], line[-1] + 1):
                if steps[between].kind in ("local", "still"):
                    kinds[between] = "typing"
        line = [] if number is None else [number]
    return _without_rests(kinds, steps)


def _without_rests(kinds: list[str], steps: Sequence[Step]) -> list[str]:
    """Who scrolls, reads, and scrolls on, is scrolling."""
    runs = _runs(steps, [kind == "scrolling" for kind in kinds])
    for (_, end_s, _), (start_s, _, _) in itertools.pairwise(runs):
        between = [at for at, step in enumerate(steps) if end_s <= step.start_s < start_s]
        if start_s - end_s <= NEAR_S and all(kinds[at] == "still" for at in between):
            for at in between:
                kinds[at] = "scrolling"
    return kinds


def _follows(one: Step, other: Step) -> bool:
    near = abs(other.middle - one.middle) <= NEAR_HEIGHT
    return near and other.start_s - one.end_s <= NEAR_S


def _runs(steps: Sequence[Step], wanted: Sequence[bool]) -> list[Range]:
    found = []
    for yes, run in itertools.groupby(range(len(steps)), key=lambda number: wanted[number]):
        if yes:
            numbers = list(run)
            found.append((steps[numbers[0]].start_s, steps[numbers[-1]].end_s, len(numbers)))
    return found


def _range(kind: str, one: Range) -> Observation:
    start_s, end_s, n = one
    return Observation(
        kind=kind,
        start_s=start_s,
        end_s=end_s,
        value=end_s - start_s,
        unit="s",
        confidence=CONFIDENCE,
        n=n,
    )
