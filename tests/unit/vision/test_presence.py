"""Ranges of faces from looks at single pictures."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.analysis import NotMeasured
from greenroom_vision.detector import Faces
from greenroom_vision.presence import Look, observations


def looks(*counts: int, confidence: float = 0.9) -> list[Look]:
    return [
        Look(index / 2, (index + 1) / 2, Faces(count, confidence))
        for index, count in enumerate(counts)
    ]


def ranges(kind: str, *counts: int) -> list[tuple[float, float, float]]:
    found = observations(looks(*counts), counts=True)
    return [(item.start_s, item.end_s, item.value) for item in found if item.kind == kind]


def test_runs_of_equal_counts_become_ranges() -> None:
    counts = (1, 1, 0, 0, 0, 2, 3, 1)
    assert ranges("face", *counts) == [(0, 1, 1), (2.5, 3, 2), (3, 3.5, 3), (3.5, 4, 1)]
    assert ranges("no_face", *counts) == [(1, 2.5, 0)]
    assert ranges("several_faces", *counts) == [(2.5, 3.5, 3)]
    assert ranges("face_presence", *counts) == [(0, 4, 5 / 8)]


def test_a_detector_that_does_not_count_reports_no_several_faces() -> None:
    found = observations(looks(1, 2, 1), counts=False)
    assert "several_faces" not in {item.kind for item in found}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_faces_and_no_faces_cover_the_recording_once(counts: list[int]) -> None:
    found = observations(looks(*counts), counts=True)
    covering = sorted(
        (item.start_s, item.end_s) for item in found if item.kind in {"face", "no_face"}
    )
    assert covering[0][0] == 0
    assert covering[-1][1] == len(counts) / 2
    assert all(before[1] == after[0] for before, after in itertools.pairwise(covering))
    with_face = sum(item.n for item in found if item.kind == "face")
    presence = next(item for item in found if item.kind == "face_presence")
    assert presence.value == pytest.approx(with_face / len(counts))


def test_few_pictures_lower_the_confidence() -> None:
    def confidence(count: int) -> float:
        return observations(looks(*[1] * count), counts=True)[-1].confidence

    assert (confidence(5), confidence(20), confidence(60)) == pytest.approx((0.225, 0.9, 0.9))


def test_without_a_picture_nothing_is_measured() -> None:
    with pytest.raises(NotMeasured):
        observations([], counts=True)
