"""Gaps after a hire: below the job's target, people's points before software's, the widest in weight first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.development import gaps_of
from greenroom.domain.evaluations import Evaluation, Rating
from greenroom.domain.scorecard import CompetencyScore, IndicatorScore, Scorecard, Total
from tests.seeded import MODEL

NAMES = ["communication", "service"]


def scorecard(scores: dict[str, float | None]) -> Scorecard:
    competencies = [
        CompetencyScore(
            id=item.id,
            name=item.name,
            weight=item.weight,
            status="not_measured" if scores.get(item.id) is None else "scored",
            score=scores.get(item.id),
            coverage=1,
            indicators=[
                IndicatorScore(
                    id=one.id,
                    name=one.name,
                    weight=one.weight,
                    status="scored",
                    score=scores.get(item.id),
                    coverage=1,
                    evidence=[],
                    missing=[],
                )
                for one in item.indicators
            ],
        )
        for item in MODEL.competencies
    ]
    return Scorecard(
        interview="itv",
        competency_model=MODEL.id,
        competency_model_version=1,
        mapping_version="v1",
        calibrated=False,
        total=Total(status="scored", score=50, coverage=1),
        competencies=competencies,
        answers=[],
    )


def points(**of: int) -> Evaluation:
    return Evaluation(ratings=[Rating(competency=name, points=given) for name, given in of.items()])


def test_people_come_before_software() -> None:
    reviews = [points(communication=8), points(communication=5)]
    (gap,) = gaps_of(MODEL, scorecard({"communication": 90, "service": 75}), reviews)
    assert (gap.competency, gap.level, gap.basis) == ("communication", 65, "reviewers")
    assert gap.indicators == [], "software saw nothing weak in it"


def test_the_widest_gap_in_weight_comes_first() -> None:
    found = gaps_of(MODEL, scorecard({"communication": 60, "service": 56}), [])
    assert [(gap.competency, gap.basis) for gap in found] == [
        ("communication", "software"),
        ("service", "software"),
    ], "10 points of 60 % weigh more than 14 of 40 %"
    assert [item.id for item in found[0].indicators] == ["speech_fluency"]


def test_what_nobody_measured_is_no_gap() -> None:
    assert gaps_of(MODEL, None, []) == []
    assert gaps_of(MODEL, scorecard({"communication": None, "service": 70}), []) == []


def test_the_job_sets_the_target() -> None:
    high = MODEL.model_dump()
    high["competencies"][1]["target"] = 90
    (gap,) = gaps_of(CompetencyModel.model_validate(high), scorecard({"service": 89.9}), [])
    assert (gap.target, gap.level) == (90, 89.9)


@given(
    scores=st.dictionaries(st.sampled_from(NAMES), st.none() | st.floats(0, 100)),
    rated=st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10)), max_size=4),
)
def test_every_gap_lies_below_its_target_and_says_what_it_rests_on(
    scores: dict[str, float | None], rated: list[dict[str, int]]
) -> None:
    found = gaps_of(MODEL, scorecard(scores), [points(**one) for one in rated])
    people = {name for one in rated for name in one}
    for gap in found:
        assert gap.level < gap.target
        assert gap.basis == ("reviewers" if gap.competency in people else "software")
        assert gap.competency in people or scores[gap.competency] is not None
    widths = [(gap.target - gap.level) * gap.weight for gap in found]
    assert widths == sorted(widths, reverse=True)
