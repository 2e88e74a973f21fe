"""What stands still: an encoder's corrections are bridged, slow or small motion is not; ranges are always sane."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from greenroom_media.stillness import Stillness


def found(levels: list[int], at_least_s: float = 2.0) -> list[tuple[float, float]]:
    """Ranges for pictures of even grey at 10 a second; the picture ends with the last."""
    stillness = Stillness(fps=10, difference=5)
    for level in levels:
        stillness.take(np.full((20, 20), level, np.uint8))
    ranges = stillness.ranges(at_least_s, end_s=len(levels) / 10)
    return [(one.start_s, one.end_s) for one in ranges]


MOVING = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_a_standing_picture_between_moving_ones() -> None:
    assert found([*MOVING, *[100] * 30, *MOVING]) == [(0.9, 4.0)]


def test_key_frames_do_not_end_it() -> None:
    redrawn = [*[100] * 20, 101, *[100] * 20, 101, 101, *[100] * 10]
    assert found([*MOVING, *redrawn, *MOVING]) == [(0.9, 6.3)]


def test_a_real_movement_ends_it() -> None:
    assert found([*[50] * 25, 90, *[90] * 25]) == [(0.0, 2.5), (2.5, 5.1)]


def test_slow_motion_is_not_still() -> None:
    assert found(list(range(100))) == []


def test_a_small_thing_that_moves_is_not_still() -> None:
    stillness = Stillness(fps=10, difference=5)
    for number in range(50):
        picture = np.full((90, 160), 50, np.uint8)
        picture[10:20, number : number + 10] = 200
        stillness.take(picture)
    assert stillness.ranges(2, end_s=5) == ()


def test_an_empty_room_seen_by_a_noisy_camera_is_not_frozen() -> None:
    noise = np.random.default_rng(7)
    stillness = Stillness(fps=10, difference=5)
    for _ in range(50):
        stillness.take(noise.integers(99, 102, (90, 160)).astype(np.uint8))
    assert stillness.ranges(2, end_s=5) == ()


def test_short_stillness_is_not_reported() -> None:
    assert found([*MOVING, *[100] * 10, *MOVING]) == []


def test_nothing_and_a_single_picture() -> None:
    assert found([]) == found([7]) == []


@given(st.lists(st.integers(0, 255), max_size=80), st.floats(0.1, 5))
def test_ranges_are_in_order_inside_and_long_enough(levels: list[int], least: float) -> None:
    ranges = found(levels, least)
    edges = [edge for one in ranges for edge in one]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(levels) / 10 for edge in edges)
    assert all(end - start >= least - 1e-9 for start, end in ranges)
