"""Speech and pauses from probabilities: hysteresis, shortest lengths, and what follows for the whole answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.analysis import NotMeasured
from greenroom_speech.module import LEAST_SPEECH_S, observations
from greenroom_speech.stretches import (
    SHORTEST_PAUSE_S,
    SHORTEST_SPEECH_S,
    certainty,
    pauses_between,
    speech_stretches,
)

WINDOW_S = 0.1
probabilities = st.lists(st.floats(0, 1), max_size=300)


def talk(*spans: tuple[float, float]) -> list[float]:
    """Windows of (seconds, probability)."""
    return [probability for seconds, probability in spans for _ in range(round(seconds / WINDOW_S))]


def times(values: list[float]) -> list[tuple[float, float]]:
    found = speech_stretches(values, WINDOW_S)
    return [(round(item.first * WINDOW_S, 1), round(item.end * WINDOW_S, 1)) for item in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (talk((1, 0), (2, 1), (1, 0)), [(1, 3)]),
        (talk((1, 0), (2, 1)), [(1, 3)]),
        (talk((2, 1), (0.2, 0), (2, 1)), [(0, 4.2)]),
        (talk((2, 1), (0.4, 0), (2, 1)), [(0, 2), (2.4, 4.4)]),
        (talk((2, 1), (1, 0.4), (2, 1)), [(0, 5)]),
        (talk((1, 0.4), (2, 0.6), (1, 0.4)), [(1, 4)]),
        (talk((1, 0), (0.2, 1), (1, 0)), []),
        ([], []),
    ],
    ids=[
        *("inside", "to-the-end", "short-gap-is-filled", "pause-divides"),
        *("unsure-stays-on", "unsure-does-not-start", "click", "nothing"),
    ],
)
def test_stretches(values: list[float], expected: list[tuple[float, float]]) -> None:
    assert times(values) == expected


@given(probabilities)
def test_stretches_are_in_order_apart_and_long_enough(values: list[float]) -> None:
    found = speech_stretches(values, WINDOW_S)
    for item in found:
        assert 0 <= item.first < item.end <= len(values)
        assert item.windows * WINDOW_S >= SHORTEST_SPEECH_S
        assert 0 <= item.certainty <= 1
    for pause in pauses_between(found, values):
        assert pause.windows * WINDOW_S >= SHORTEST_PAUSE_S - 1e-9


@given(probabilities)
def test_observations_lie_in_the_recording_or_say_that_there_is_too_little(
    values: list[float],
) -> None:
    duration_s = len(values) * WINDOW_S
    try:
        found = observations(values, WINDOW_S, duration_s)
    except NotMeasured as reason:
        assert str(reason).startswith("no speech to measure")
        return
    assert all(0 <= item.start_s <= item.end_s <= duration_s + 1e-9 for item in found)
    kinds = {item.kind: item for item in found}
    assert 0 < kinds["speech_share"].value <= 1
    assert ("pause" in kinds) == ("mean_pause" in kinds)


def test_shares_and_rates_over_the_whole_answer() -> None:
    values = talk((1, 0), (10, 1), (2, 0), (10, 1), (1, 0), (5, 1), (1, 0))
    found = {item.kind: item for item in observations(values, WINDOW_S, 30)}
    assert found["speech_share"].value == pytest.approx(25 / 30)
    assert found["long_pauses_per_min"].value == pytest.approx(2)
    assert found["mean_pause"].value == pytest.approx(1.5)
    assert found["speech_share"].confidence == pytest.approx(1)


def test_little_speech_and_an_unsure_model_lower_the_confidence() -> None:
    def confidence(seconds: float, probability: float) -> float:
        found = observations(talk((seconds, probability)), WINDOW_S, seconds)
        return next(item.confidence for item in found if item.kind == "speech_share")

    assert confidence(30, 1) == pytest.approx(1)
    assert confidence(5, 1) == pytest.approx(1 / 3)
    assert confidence(30, 0.75) == pytest.approx(0.5)


@pytest.mark.parametrize("seconds", [0, LEAST_SPEECH_S - WINDOW_S])
def test_too_little_speech_is_not_measured(seconds: float) -> None:
    with pytest.raises(NotMeasured, match="no speech to measure"):
        observations(talk((seconds, 1), (20, 0)), WINDOW_S, 20 + seconds)


def test_certainty_of_a_guess_is_none() -> None:
    assert (certainty([0.5, 0.5]), certainty([0, 1]), certainty([])) == (0, 1, 0)
