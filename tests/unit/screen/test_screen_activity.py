"""Screen activity on drawn screens, and from steps that are known."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.analysis import NotMeasured
from greenroom_screen.activity import KINDS, LEAST_S, PROVIDES, observations
from greenroom_screen.golden import SHAPE, acts
from greenroom_screen.module import ScreenModule
from greenroom_screen.steps import Kind, Picture, Step, steps

HALF_S = 0.5
WHITE = np.full(SHAPE, 245, np.uint8)


def kinds(*pictures: Picture) -> list[str]:
    return [
        step.kind for step in steps((at * HALF_S, picture) for at, picture in enumerate(pictures))
    ]


def drawn(*boxes: tuple[int, int, int, int], ground: Picture = WHITE) -> Picture:
    picture = ground.copy()
    for top, left, height, width in boxes:
        picture[top : top + height, left : left + width] = 20
    return picture


def sequence(*told: tuple[Kind, float, float]) -> list[Step]:
    """Steps of half a second: a kind for so many seconds, at a height."""
    found: list[Step] = []
    for kind, seconds, middle in told:
        for _ in range(round(seconds / HALF_S)):
            start = len(found) * HALF_S
            found.append(Step(start, start + HALF_S, kind, middle))
    return found


def ranges(*told: tuple[Kind, float, float]) -> list[tuple[str, float, float]]:
    found = observations(sequence(*told))
    return sorted(
        ((item.kind, item.start_s, item.end_s) for item in found if item.kind in KINDS),
        key=lambda one: one[1],
    )


def test_the_golden_screens_are_seen_through() -> None:
    ScreenModule().self_test()


def test_a_codecs_noise_is_still() -> None:
    chance = np.random.default_rng(3)
    noisy = [(WHITE - chance.integers(0, 24, SHAPE)).astype(np.uint8) for _ in range(4)]
    assert kinds(*noisy) == ["still"] * 3


def test_a_caret_that_blinks_is_still() -> None:
    caret = drawn((100, 300, 14, 2))
    assert kinds(WHITE, caret, WHITE, caret, WHITE)[1:] == ["still"] * 3


def test_letters_are_a_local_change_and_a_picture_that_jumps_is_not() -> None:
    assert kinds(WHITE, drawn((100, 300, 8, 5))) == ["local"]
    assert kinds(WHITE, drawn((40, 300, 200, 200))) != ["local"]


@pytest.mark.parametrize("by", [3, 17, 80])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_page_that_moves_up_or_down_is_scrolled_whatever_stands_beside_it(
    by: int, direction: int
) -> None:
    page = next(picture for _, picture in acts())
    long = np.concatenate((page, np.flipud(page)))
    before, after = (long[start : start + SHAPE[0]].copy() for start in (100, 100 + direction * by))
    for picture in (before, after):
        picture[:, :120] = 90
    assert kinds(before, after) == ["scrolling"]


def test_another_page_is_a_switch() -> None:
    pictures = [picture for _, picture in acts()]
    assert kinds(pictures[0], pictures[-1]) == ["switching"]


def test_typing_is_what_goes_on_in_one_line_with_its_short_rests() -> None:
    assert ranges(("still", 3, 0), ("local", 2, 0.3), ("still", 1.5, 0), ("local", 2, 0.33), ("still", 3, 0)) == [
        ("still", 0, 3),
        ("typing", 3, 8.5),
        ("still", 8.5, 11.5),
    ]  # fmt: skip


def test_one_change_alone_or_far_from_the_last_is_no_typing() -> None:
    assert ranges(("still", 3, 0), ("local", 0.5, 0.3), ("still", 4, 0)) == [
        ("still", 0, 3),
        ("moving", 3, 3.5),
        ("still", 3.5, 7.5),
    ]
    far = ranges(("local", 0.5, 0.1), ("local", 0.5, 0.5), ("local", 0.5, 0.9), ("still", 4, 0))
    assert [kind for kind, _, _ in far] == ["moving", "still"]


def test_shares_and_rates() -> None:
    told = sequence(("still", 15, 0), ("switching", 0.5, 0.5), ("scrolling", 14.5, 0.5))
    whole = {item.kind: item for item in observations(told)}
    assert whole["still_share"].value == pytest.approx(0.5)
    assert whole["screen_activity_share"].value == pytest.approx(0.5)
    assert whole["switches_per_min"].value == pytest.approx(2)
    assert (whole["screen_activity"].start_s, whole["screen_activity"].end_s) == (15, 30)


@pytest.mark.parametrize("seconds", [0, LEAST_S - HALF_S])
def test_a_very_short_screen_is_not_measured(seconds: float) -> None:
    with pytest.raises(NotMeasured, match="less than 5 s"):
        observations(sequence(("still", seconds, 0)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["still", "local", "scrolling", "switching", "moving"]),
            st.floats(0.5, 4),
            st.floats(0, 1),
        ),
        min_size=3,
        max_size=20,
    )
)
def test_ranges_cover_the_whole_without_overlap(told: list[tuple[Kind, float, float]]) -> None:
    made = sequence(*told)
    if made[-1].end_s < LEAST_S:
        return
    found = observations(made)
    assert {item.kind for item in found} <= set(PROVIDES)
    spans = sorted((item.start_s, item.end_s) for item in found if item.kind in KINDS)
    assert spans[0][0] == 0 and spans[-1][1] == made[-1].end_s
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
