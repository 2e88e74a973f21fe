"""Scoring: numbers stay in range, follow the curves, need coverage, and replay to the same bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from greenroom.domain.analysis import Analysis, ModuleResult, Observation
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.mapping import Contribution, Mapping, shipped_mapping
from greenroom.domain.quality import Quality
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.scoring import MAX_RANGES, ScoredAnswer, score_interview
from greenroom.domain.template import Question

INTERVIEW = "itv_" + "a" * 20
KINDS = ("kind_a", "kind_b", "kind_c")
values = st.floats(-1e6, 1e6)


def observation(kind: str, value: float, start_s: float = 0, end_s: float = 60) -> Observation:
    return Observation(
        kind=kind, start_s=start_s, end_s=end_s, value=value, unit="share", confidence=0.9, n=9
    )


def question(name: str, *competencies: str) -> Question:
    return Question(id=name, text={"en": "Why?"}, competencies=list(competencies))


def quality(name: str, verdict: str = "usable") -> Quality:
    return Quality(
        interview=INTERVIEW,
        answer=name,
        attempt=1,
        verdict=verdict,
        reasons=["black_share"] if verdict == "re_record" else [],
        findings=[],
        inputs={},
        tool="none",
    )


def answer(
    name: str,
    observations: list[Observation],
    *,
    competencies: tuple[str, ...] = (),
    results: list[ModuleResult] | None = None,
) -> ScoredAnswer:
    found = ModuleResult(module="speech", version="1", status="ok", observations=observations)
    analysis = Analysis(
        interview=INTERVIEW,
        answer=name,
        attempt=1,
        inputs={},
        tool="none",
        modules=[found] if results is None else results,
    )
    return ScoredAnswer(question(name, *competencies), quality(name), analysis, "0" * 64)


def refused(name: str) -> ScoredAnswer:
    return ScoredAnswer(question(name), quality(name, "re_record"), None, None)


def model(weights: dict[str, dict[str, float]], whole: dict[str, float]) -> CompetencyModel:
    return CompetencyModel(
        id="model",
        job={"en": "Job"},
        competencies=[
            {
                "id": name,
                "name": {"en": name},
                "weight": whole[name],
                "indicators": [
                    {"id": item, "name": {"en": item}, "weight": weight}
                    for item, weight in indicators.items()
                ],
            }
            for name, indicators in weights.items()
        ],
    )


def contribution(kind: str, weight: float = 100, points: object = None) -> Contribution:
    return Contribution(
        kind=kind,
        module="speech",
        evidence="speech",
        weight=weight,
        points=points or [(0, 0), (1, 100)],
    )


def mapping(indicators: dict[str, list[Contribution]], minimum_coverage: float = 0.6) -> Mapping:
    return Mapping(
        version="test", calibrated=False, minimum_coverage=minimum_coverage, indicators=indicators
    )


ONE = model({"talk": {"fluency": 100}}, {"talk": 100})


@st.composite
def curves(draw: st.DrawFn) -> list[tuple[float, float]]:
    rising = sorted(draw(st.sets(values, min_size=2, max_size=6)))
    return [(value, draw(st.floats(0, 100))) for value in rising]


@st.composite
def shares_of_100(draw: st.DrawFn) -> list[int]:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=3)))
    return [end - start for start, end in itertools.pairwise([0, *cuts, 100])]


@st.composite
def interviews(draw: st.DrawFn) -> tuple[CompetencyModel, Mapping, list[ScoredAnswer]]:
    """A model of up to four competencies, a mapping that knows some of it, and answers that show some of that."""
    names = iter(f"indicator_{number}" for number in itertools.count())
    whole = {f"competency_{n}": weight for n, weight in enumerate(draw(shares_of_100()))}
    weights = {name: {next(names): weight for weight in draw(shares_of_100())} for name in whole}
    known = [item for indicators in weights.values() for item in indicators if draw(st.booleans())]
    indicators = {
        item: [
            contribution(kind, draw(st.floats(0.5, 100)), draw(curves()))
            for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
        ]
        for item in known
    }
    answers = [
        refused(f"q{number}")
        if draw(st.booleans())
        else answer(
            f"q{number}",
            [
                observation(kind, draw(values))
                for kind in draw(st.lists(st.sampled_from(KINDS), unique=True))
            ],
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    return (
        model(weights, whole),
        mapping(indicators, draw(st.sampled_from([0.0, 0.6, 1.0]))),
        answers,
    )


@given(interviews())
def test_numbers_stay_in_range_and_only_enough_coverage_gives_one(
    drawn: tuple[CompetencyModel, Mapping, list[ScoredAnswer]],
) -> None:
    card = score_interview(INTERVIEW, *drawn)
    indicators = [item for competency in card.competencies for item in competency.indicators]
    for item in [card.total, *card.competencies, *indicators]:
        assert 0 <= item.coverage <= 1
        assert (item.score is None) == (item.status != "scored")
        assert item.score is None or 0 <= item.score <= 100
        if item.status == "scored":
            assert item.coverage >= drawn[1].minimum_coverage
        if item.status == "not_measured":
            assert item.coverage == 0
    for item in indicators:
        assert item.evidence or item.missing
        assert item.score is None or item.evidence


@given(interviews())
def test_a_replay_from_stored_documents_gives_the_same_bytes(
    drawn: tuple[CompetencyModel, Mapping, list[ScoredAnswer]],
) -> None:
    wanted, curves_, answers = drawn
    stored = [
        ScoredAnswer(
            Question.parse(item.question.canonical()),
            Quality.parse(item.quality.canonical()),
            item.analysis and Analysis.parse(item.analysis.canonical()),
            item.analysis_sha256,
        )
        for item in answers
    ]
    first = score_interview(INTERVIEW, wanted, curves_, answers).canonical()
    second = score_interview(
        INTERVIEW,
        CompetencyModel.parse(wanted.canonical()),
        Mapping.parse(curves_.canonical()),
        stored,
    ).canonical()
    assert first == second
    assert Scorecard.parse(first).canonical() == first


@given(curves(), values)
def test_a_curve_stays_between_its_corners_and_is_level_outside(
    points: list[tuple[float, float]], value: float
) -> None:
    scored = contribution("kind_a", points=points).score(value)
    around = [points[0], *points, points[-1]]
    right = sum(corner < value for corner, _ in points)
    low, high = sorted((around[right][1], around[right + 1][1]))
    assert low - 1e-9 <= scored <= high + 1e-9


@given(curves(), st.data())
def test_each_piece_of_a_curve_is_monotone(
    points: list[tuple[float, float]], data: st.DataObject
) -> None:
    (left, low), (right, high) = data.draw(st.sampled_from(list(itertools.pairwise(points))))
    one, other = sorted(data.draw(st.tuples(*[st.floats(left, right)] * 2)))
    curve = contribution("kind_a", points=points)
    rise = curve.score(other) - curve.score(one)
    assert rise * (high - low) >= -1e-6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.floats(0, 1))
def test_a_better_value_never_lowers_the_total(shown: list[float], better_by: float) -> None:
    curve = mapping({"fluency": [contribution("kind_a")]})

    def total(first: float) -> float:
        answers = [
            answer(f"q{number}", [observation("kind_a", value)])
            for number, value in enumerate([first, *shown[1:]])
        ]
        score = score_interview(INTERVIEW, ONE, curve, answers).total.score
        assert score is not None
        return score

    assert total(min(1, shown[0] + better_by)) >= total(shown[0])


@pytest.mark.parametrize(
    "points", [[(0, 0), (float("inf"), 100)], [(float("nan"), 0), (1, 100)], [(1, 0), (0, 100)]]
)
def test_corners_without_a_finite_rising_value_are_refused(points: object) -> None:
    with pytest.raises(ValidationError):
        contribution("kind_a", points=points)


@pytest.mark.parametrize(
    ("seen", "status", "coverage", "score"),
    [
        ((), "not_measured", 0.0, None),
        (("kind_b",), "insufficient", 0.4, None),
        (("kind_a",), "scored", 0.6, 50.0),
        (("kind_a", "kind_b"), "scored", 1.0, 50.0),
    ],
)
def test_below_the_minimum_coverage_there_is_no_number(
    seen: tuple[str, ...], status: str, coverage: float, score: float | None
) -> None:
    curve = mapping({"fluency": [contribution("kind_a", 60), contribution("kind_b", 40)]})
    given_answer = answer("q1", [observation(kind, 0.5) for kind in seen])
    card = score_interview(INTERVIEW, ONE, curve, [given_answer])
    indicator = card.competencies[0].indicators[0]
    assert (indicator.status, indicator.coverage, indicator.score) == (status, coverage, score)
    assert {item.kind for item in indicator.missing} == {"kind_a", "kind_b"} - set(seen)


def test_coverage_is_carried_upwards_and_not_rounded_up() -> None:
    wanted = model(
        {"talk": {"fluency": 70, "logic": 30}, "care": {"warmth": 100}}, {"talk": 50, "care": 50}
    )
    curve = mapping(
        {
            "fluency": [contribution("kind_a", 90), contribution("kind_b", 10)],
            "warmth": [contribution("kind_a", 80), contribution("kind_c", 20)],
        }
    )
    card = score_interview(INTERVIEW, wanted, curve, [answer("q1", [observation("kind_a", 0.8)])])
    talk, care = card.competencies
    assert (talk.coverage, talk.score) == (0.63, 80.0)
    assert (care.coverage, care.score) == (0.8, 80.0)
    assert (card.total.coverage, card.total.status) == (0.715, "scored")


def test_one_bad_answer_leaves_the_others_as_they_were() -> None:
    curve = mapping({"fluency": [contribution("kind_a")]})
    good = [answer("q1", [observation("kind_a", 0.4)]), answer("q3", [observation("kind_a", 0.8)])]
    without = score_interview(INTERVIEW, ONE, curve, good)
    with_bad = score_interview(INTERVIEW, ONE, curve, [good[0], refused("q2"), good[1]])
    assert with_bad.competencies == without.competencies
    assert with_bad.total == without.total
    assert [(item.answer, item.counted, item.reason) for item in with_bad.answers] == [
        ("q1", True, None),
        ("q2", False, "re_record: black_share"),
        ("q3", True, None),
    ]


def test_an_answer_counts_only_for_the_competencies_that_its_question_is_about() -> None:
    wanted = model({"talk": {"fluency": 100}, "care": {"warmth": 100}}, {"talk": 50, "care": 50})
    curve = mapping({"fluency": [contribution("kind_a")], "warmth": [contribution("kind_a")]})
    answers = [
        answer("q1", [observation("kind_a", 0.2)], competencies=("talk",)),
        answer("q2", [observation("kind_a", 0.6)], competencies=("care",)),
    ]
    card = score_interview(INTERVIEW, wanted, curve, answers)
    assert [item.score for item in card.competencies] == [20.0, 60.0]
    assert card.total.score == 40.0


ABSENT = ModuleResult(
    module="speech",
    status="not_measured",
    code="module_not_installed",
    reason="module speech is not installed",
)


@pytest.mark.parametrize(
    ("answers", "code", "reason"),
    [
        ([], "no_answer", "no answer to measure"),
        ([refused("q1")], "no_answer", "no answer to measure"),
        (
            [answer("q1", [], results=[])],
            "not_in_template",
            "module speech is not part of the template",
        ),
        ([answer("q1", [], results=[ABSENT])], ABSENT.code, ABSENT.reason),
        ([answer("q1", []), answer("q2", [], results=[ABSENT])], ABSENT.code, ABSENT.reason),
        ([answer("q1", [])], "not_in_version", "speech 1 does not measure this"),
    ],
)
def test_what_is_not_measured_is_named_with_its_module_and_reason(
    answers: list[ScoredAnswer], code: str, reason: str
) -> None:
    curve = mapping({"fluency": [contribution("kind_a")]})
    indicator = score_interview(INTERVIEW, ONE, curve, answers).competencies[0].indicators[0]
    assert [(item.kind, item.module, item.code, item.reason) for item in indicator.missing] == [
        ("kind_a", "speech", code, reason)
    ]


def test_an_indicator_that_the_mapping_does_not_know_says_so() -> None:
    card = score_interview(INTERVIEW, ONE, mapping({}), [answer("q1", [])])
    indicator = card.competencies[0].indicators[0]
    assert indicator.status == "not_measured"
    assert indicator.missing[0].code == "not_in_mapping"
    assert indicator.missing[0].reason == "mapping test does not know fluency"


def test_evidence_shows_the_longest_clips_in_order_of_time() -> None:
    clips = [observation("speech", 1, at, at + 1 + at % 7) for at in range(80)]
    found = answer("q1", [*clips, observation("kind_a", 0.5, 0, 90)])
    curve = mapping({"fluency": [contribution("kind_a")]})
    card = score_interview(INTERVIEW, ONE, curve, [found])
    ranges = card.competencies[0].indicators[0].evidence[0].ranges
    assert len(ranges) == MAX_RANGES
    assert ranges == sorted(ranges, key=lambda item: (item.start_s, item.end_s))
    shortest = min(item.end_s - item.start_s for item in ranges)
    left_out = {(item.start_s, item.end_s) for item in clips} - {
        (item.start_s, item.end_s) for item in ranges
    }
    assert all(end - start <= shortest for start, end in left_out)


def test_without_finer_evidence_the_whole_range_is_shown() -> None:
    curve = mapping({"fluency": [contribution("kind_a")]})
    card = score_interview(INTERVIEW, ONE, curve, [answer("q1", [observation("kind_a", 0.5)])])
    shown = card.competencies[0].indicators[0].evidence[0].ranges
    assert [(item.start_s, item.end_s) for item in shown] == [(0, 60)]


def test_the_shipped_mapping_says_that_it_is_not_calibrated() -> None:
    shipped = shipped_mapping()
    assert shipped.calibrated is False
    assert set(shipped.indicators) >= {"speech_fluency", "camera_presence"}
