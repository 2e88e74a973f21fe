"""A golden face turned, nodding, smiling and frowning by construction: the measures and the ranges must say so."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from greenroom.domain.analysis import Observation
from greenroom_vision.geometry import Face, Points, face_of
from greenroom_vision.movement import SAMPLING_FPS, observations

NEUTRAL = Face(0, 0, 3, 0, 0.5, 0.13, 0.77, 0.02, 0.49, 0.37)


def series(seconds: float = 30) -> list[Face]:
    """A still face that looks into the camera, with the jitter of real landmarks."""
    chance = np.random.default_rng(7)
    return [
        replace(
            NEUTRAL,
            time_s=number / SAMPLING_FPS,
            yaw_deg=float(chance.normal(0, 0.4)),
            pitch_deg=3 + float(chance.normal(0, 0.4)),
            gaze=0.5 + float(chance.normal(0, 0.01)),
            mouth_width=0.77 + float(chance.normal(0, 0.03)),
        )
        for number in range(int(seconds * SAMPLING_FPS))
    ]


def between(looks: list[Face], start_s: float, end_s: float, **change: float) -> None:
    for index, look in enumerate(looks):
        if start_s <= look.time_s < end_s:
            looks[index] = replace(look, **change)


def found(looks: list[Face], kind: str) -> list[Observation]:
    return [item for item in observations(looks, 30, expressions=True) if item.kind == kind]


def test_a_still_face_nods_smiles_and_frowns_not() -> None:
    kinds = {item.kind for item in observations(series(), 30, expressions=True)}
    assert kinds == {"gaze", "gaze_share", "nod_rate", "head_movement", "smile_share", "frown_rate"}
    assert found(series(), "gaze_share")[0].value == 1
    assert found(series(), "nod_rate")[0].value == 0
    assert found(series(), "head_movement")[0].value < 1


@pytest.mark.parametrize(
    "change", [{"gaze": 0.3}, {"gaze": 0.68}, {"yaw_deg": 32.0}, {"yaw_deg": -32.0}]
)
def test_looking_away_is_found_where_it_is(change: dict[str, float]) -> None:
    looks = series()
    between(looks, 10, 13, **change)
    [away] = found(looks, "gaze_away")
    assert away.start_s == pytest.approx(10, abs=0.2)
    assert away.end_s == pytest.approx(13, abs=0.2)
    assert found(looks, "gaze_share")[0].value == pytest.approx(0.9, abs=0.01)


def test_a_blink_is_no_look_away() -> None:
    looks = series()
    for start in range(2, 28, 3):
        between(looks, start, start + 0.25, gaze=0.2, eye_open=0.02)
    assert found(looks, "gaze_away") == []


@pytest.mark.parametrize("hertz", [0.8, 1.0, 1.5])
def test_nods_are_counted(hertz: float) -> None:
    looks = series()
    for start in (5.0, 15.0, 25.0):
        for index, look in enumerate(looks):
            if start <= look.time_s < start + 1 / hertz:
                swing = 5 * (1 - np.cos(2 * np.pi * hertz * (look.time_s - start)))
                looks[index] = replace(look, pitch_deg=3 + float(swing))
    nods = found(looks, "nod")
    assert [round(nod.start_s) for nod in nods] == [5, 15, 25]
    assert found(looks, "nod_rate")[0].value == pytest.approx(6, abs=0.5)


def test_a_slow_bow_is_no_nod() -> None:
    looks = series()
    for index, look in enumerate(looks):
        if 10 <= look.time_s < 16:
            swing = 10 * (1 - np.cos(2 * np.pi * (look.time_s - 10) / 6))
            looks[index] = replace(look, pitch_deg=3 + float(swing))
    assert found(looks, "nod") == []


def test_a_smile_and_a_frown_have_their_ranges() -> None:
    looks = series()
    between(looks, 8, 11, mouth_width=0.98, corner_lift=0.09)
    between(looks, 20, 21.5, brow_gap=0.44, brow_height=0.32)
    [smile], [frown] = found(looks, "smile"), found(looks, "frown")
    assert (smile.start_s, smile.end_s) == pytest.approx((8, 11), abs=0.2)
    assert (frown.start_s, frown.end_s) == pytest.approx((20, 21.5), abs=0.2)
    assert found(looks, "smile_share")[0].value == pytest.approx(0.1, abs=0.01)


def test_a_wide_mouth_in_speech_is_no_smile() -> None:
    looks = series()
    for start in range(2, 28, 2):
        between(looks, start, start + 0.4, mouth_width=1.0, corner_lift=0.09)
    assert found(looks, "smile") == []


def test_without_expressions_none_is_computed() -> None:
    looks = series()
    between(looks, 8, 11, mouth_width=0.98, corner_lift=0.09)
    kinds = {item.kind for item in observations(looks, 30, expressions=False)}
    assert kinds.isdisjoint({"smile", "smile_share", "frown", "frown_rate"})


def test_a_few_looks_say_nothing() -> None:
    assert observations(series(9), 9, expressions=True) == []


@pytest.fixture(scope="module")
def golden() -> Points:
    """The landmarks of the golden portrait, centred."""
    if find_spec("mediapipe") is None:
        pytest.skip("there is no MediaPipe for this Python")
    from greenroom_vision import landmarks
    from greenroom_vision.golden import golden_picture

    kept: list[Points] = []
    follower = landmarks.Follower()
    picture = golden_picture("face")
    found = follower._mesh.process(picture).multi_face_landmarks[0].landmark
    height, width = picture.shape[:2]
    kept.append(np.array([(p.x * width, p.y * height, p.z * width) for p in found]))
    follower.close()
    return kept[0] - kept[0].mean(axis=0)


def turned(points: Points, axis: int, degrees: float) -> Points:
    angle = np.radians(degrees)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return points @ matrix.T


@pytest.mark.parametrize("degrees", [-25, -10, 10, 25])
def test_a_turned_face_is_measured_as_turned(golden: Points, degrees: float) -> None:
    straight = face_of(0, golden)
    yawed = face_of(0, turned(golden, 1, degrees)).yaw_deg - straight.yaw_deg
    pitched = face_of(0, turned(golden, 0, degrees)).pitch_deg - straight.pitch_deg
    rolled = face_of(0, turned(golden, 2, degrees)).roll_deg - straight.roll_deg
    assert abs(yawed) == pytest.approx(abs(degrees), abs=2)
    assert abs(pitched) == pytest.approx(abs(degrees), abs=2)
    assert abs(rolled) == pytest.approx(abs(degrees), abs=2)


def test_size_changes_nothing(golden: Points) -> None:
    near, far = face_of(0, golden * 3), face_of(0, golden)
    assert near.mouth_width == pytest.approx(far.mouth_width)
    assert near.gaze == pytest.approx(far.gaze)
