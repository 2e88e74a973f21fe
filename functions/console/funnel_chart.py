"""The funnel of a batch as bars: where each stands and how long it is, for an SVG that the server makes."""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.domain.figures import BatchFigures, FunnelStep

LEFT, WIDTH, ROW, BAR = 190, 400, 34, 22
"""In px of the drawing: where bars begin, the longest bar, from one row to the next, a bar's height."""
RIGHT = 120
"""Room for the numbers beside the longest bar."""


@dataclass(frozen=True)
class Bar:
    """One step: `width` is who reached it, `before` who reached the step before; both begin at `LEFT`."""

    step: FunnelStep
    reached: int
    share: float
    y: int
    width: float
    before: float

    @property
    def middle(self) -> int:
        """Where text of the row is centred."""
        return self.y + BAR // 2


@dataclass(frozen=True)
class FunnelChart:
    """The drawing: `bars` from top to bottom within `width` × `height`."""

    bars: list[Bar]
    left: int = LEFT
    bar: int = BAR
    width: int = LEFT + WIDTH + RIGHT

    @property
    def height(self) -> int:
        return max(1, len(self.bars)) * ROW


def funnel_chart(figures: BatchFigures) -> FunnelChart:
    """Bars of the steps that are known; none where nobody is invited."""
    bars: list[Bar] = []
    before = float(WIDTH)
    for row in figures.funnel:
        if row.reached is None or row.share is None:
            continue
        width = round(WIDTH * row.share, 1)
        bars.append(Bar(row.step, row.reached, row.share, len(bars) * ROW, width, before))
        before = width
    return FunnelChart(bars)
