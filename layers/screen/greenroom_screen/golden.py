"""Screens drawn here, on which the module must see what is done before it is used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from greenroom_screen.steps import Picture

SHAPE = (360, 640)
STEP_S = 0.5
_LINE, _LETTER, _SCROLLED = 16, 8, 18
_TYPED, _LEFT = 10 * _LINE, 200
_GROUND, _INK = 245, 30
_PART = 16
"""Steps of each act."""
ACTS = ("still", "typing", "scrolling", "switching", "still")


def acts() -> Iterator[tuple[float, Picture]]:
    """A page at rest, a line that grows, the page scrolled, another page, and rest again."""
    page, other = _page(1), _page(2)
    page[_TYPED : _TYPED + _LINE, _LEFT:] = _GROUND
    for number in range(_PART * 4 + 1):
        act, at = divmod(number, _PART)
        if act == 1:
            for letter in (2 * at, 2 * at + 1):
                left = _LEFT + letter * _LETTER
                page[_TYPED + 3 : _TYPED + 11, left : left + 5] = _INK
        down = (at + 1) * _SCROLLED if act == 2 else 0
        shown = other if act >= 3 else page
        yield number * STEP_S, shown[down : down + SHAPE[0]].copy()


def _page(seed: int) -> Picture:
    """Lines of dark words on a light ground, of which no two are alike; taller than the screen."""
    chance = np.random.default_rng(seed)
    page = np.full((SHAPE[0] * 2, SHAPE[1]), _GROUND, np.uint8)
    for top in range(0, page.shape[0] - _LINE, _LINE):
        left = 20 + int(chance.integers(0, 40))
        while left < SHAPE[1] - 80:
            for _ in range(int(chance.integers(2, 8))):
                page[top + 3 : top + 11, left : left + 5] = _INK
                left += _LETTER
            left += _LETTER
    return page
