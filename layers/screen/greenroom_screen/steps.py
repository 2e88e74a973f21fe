"""What changes from one picture of a screen to the next: nothing, a few letters, the page's place, the page.

Pictures are compared by the means of small cells: a codec that draws a still screen anew at each key frame changes its
pixels by up to 50 gray levels, its cells by 12, while letters change theirs by 30 and more. The thresholds are starting
values, tried on pages that a browser drew (docs/analysis.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height × width, gray."""
Cells = NDArray[np.float32]
"""The means of `CELL_PX` × `CELL_PX` pixels; what is left over at the edges is not looked at."""
Kind = Literal["still", "local", "scrolling", "switching", "moving"]

CELL_PX = 3
"""Of a picture 640 px wide: half a letter of 18 px at 1080p."""
CHANGED = 16.0
"""Gray levels between what a key frame does to a cell and what a letter does."""
LEAST_CELLS = 3
"""Changed cells below which a step is still."""
LOCAL_HEIGHT, LOCAL_SHARE = 0.09, 0.01
"""Of the picture: two lines of text, and of all cells, that typing changes in a step at most."""
SCROLLED_HEIGHT = 0.15
"""Of the picture: less is no page that moves."""
SCROLL_GAIN = 0.5
"""What is left of the difference once one picture is shifted over the other, at most."""
FARTHEST = 0.6
"""Of the changed height, by which a page is shifted in a step at most."""
SWITCHED = 0.5
"""Of the places that show something before or after, so many changed: another page or program."""
_BLOCK = 6
"""Cells."""
_BLOCK_CHANGED = 0.06
_CONTENT = 5.0
_BANDS = 16


@dataclass(frozen=True)
class Step:
    """From `start_s` to `end_s`; `middle` is the height (0 top – 1 bottom) of what changed."""

    start_s: float
    end_s: float
    kind: Kind
    middle: float = 0.0


@dataclass(frozen=True)
class _Look:
    picture: Picture
    cells: Cells


def steps(pictures: Iterable[tuple[float, Picture]]) -> Iterator[Step]:
    """One step from each picture to the next."""
    earlier: _Look | None = None
    before: tuple[float, _Look] | None = None
    for time_s, picture in pictures:
        look = _Look(picture, _cells(picture))
        if before is not None:
            kind, middle = _change(earlier, before[1], look)
            yield Step(before[0], time_s, kind, middle)
            earlier = before[1]
        before = (time_s, look)


def _change(earlier: _Look | None, before: _Look, after: _Look) -> tuple[Kind, float]:
    changed = _differ(before, after)
    if earlier is not None:
        # What merely returns to how it was is a caret that blinks, or a pointer that left.
        changed &= _differ(earlier, after)
    count = int(changed.sum())
    if count < LEAST_CELLS:
        return "still", 0.0
    rows = np.flatnonzero(changed.any(1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    height = changed.shape[0]
    middle = (top + bottom) / 2 / height
    if (bottom - top) <= LOCAL_HEIGHT * height and count <= LOCAL_SHARE * changed.size:
        return "local", middle
    if (bottom - top) >= SCROLLED_HEIGHT * height and _shifted(changed, before, after, top, bottom):
        return "scrolling", middle
    if _replaced(changed, before, after) >= SWITCHED:
        return "switching", middle
    return "moving", middle


def _cells(picture: Picture) -> Cells:
    rows, columns = (side // CELL_PX for side in picture.shape)
    whole = picture[: rows * CELL_PX, : columns * CELL_PX].reshape(rows, CELL_PX, columns, CELL_PX)
    means: Cells = whole.mean((1, 3), dtype=np.float32)
    return means


def _differ(one: _Look, other: _Look) -> NDArray[np.bool_]:
    differ: NDArray[np.bool_] = np.abs(one.cells - other.cells) > CHANGED
    return differ


def _shifted(
    changed: NDArray[np.bool_], before: _Look, after: _Look, top: int, bottom: int
) -> bool:
    """Whether the changed rows of pixels are the earlier ones, up or down, in the bands that changed at all."""
    width = changed.shape[1] // _BANDS * _BANDS
    moved = changed[top:bottom, :width].reshape(bottom - top, _BANDS, -1).any((0, 2))
    rows = slice(top * CELL_PX, bottom * CELL_PX)
    old, new = (
        look.picture[rows, : width * CELL_PX]
        .reshape(rows.stop - rows.start, _BANDS, -1)
        .mean(2, dtype=np.float32)[:, moved]
        for look in (before, after)
    )
    in_place = float(np.abs(new - old).mean())
    farthest = int(len(old) * FARTHEST)
    best = min(
        min(float(np.abs(new[by:] - old[:-by]).mean()), float(np.abs(new[:-by] - old[by:]).mean()))
        for by in range(1, farthest + 1)
    )
    return best <= SCROLL_GAIN * in_place


def _replaced(changed: NDArray[np.bool_], before: _Look, after: _Look) -> float:
    """Share of the blocks with content, before or after, that changed."""
    old, new = (_blocks(look.cells).std((2, 3)) for look in (before, after))
    content = np.maximum(old, new) > _CONTENT
    replaced = _blocks(changed).mean((2, 3)) > _BLOCK_CHANGED
    return float((replaced & content).sum() / max(1, content.sum()))


def _blocks(cells: NDArray[Any]) -> NDArray[Any]:
    """Rows × columns × `_BLOCK` × `_BLOCK`; what is left over at the edges is not looked at."""
    rows, columns = (side // _BLOCK for side in cells.shape)
    whole = cells[: rows * _BLOCK, : columns * _BLOCK]
    return whole.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
