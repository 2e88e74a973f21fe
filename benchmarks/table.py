"""The table that every benchmark prints: ours, floor or peer, ratio, each the median of several runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median


def alternate(runs: int, **measured: Callable[[], float]) -> dict[str, float]:
    """Call each in turn, `runs` times around, so that a busy moment hits all alike; their medians.

    Each begins with nothing left to write: what one leaves to the disk must not slow the next one's flush.
    """
    times: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(runs):
        for name, measure in measured.items():
            os.sync()
            times[name].append(measure())
    return {name: median(values) for name, values in times.items()}


def row(what: str, ours: float, floor: float, unit: str, aim: float) -> float:
    """Print one line; the ratio of `ours` to `floor`."""
    ratio = ours / floor
    verdict = "met" if ratio <= aim else "MISSED"
    print(
        f"{what:<34} {ours:>10.3f} {floor:>10.3f} {unit:<4} ratio {ratio:6.2f}  aim ≤ {aim:g} {verdict}"
    )
    return ratio


def heading() -> None:
    print(f"{'':<34} {'ours':>10} {'floor':>10}")
