"""The evaluation form: every competency, suggestions within the recordings, and never a score."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.evaluation import (
    MAX_SUGGESTED,
    EvaluationTemplate,
    SuggestedRange,
    evaluation_template,
)
from greenroom.domain.manifest import KeyMoment
from greenroom.domain.plan import Plan
from greenroom.domain.quality import TimeRange
from greenroom.domain.scorecard import (
    CompetencyScore,
    Evidence,
    IndicatorScore,
    Scorecard,
    Total,
)

PLAN = Plan.parse(
    """{
  "template": {"id": "t", "scenario": "screening", "name": {"en": "T"}, "questions": [
    {"id": "q1", "text": {"en": "?"}, "competencies": ["talk"]},
    {"id": "q2", "text": {"en": "?"}, "tracks": ["camera", "screen"]}]},
  "model": {"id": "m", "job": {"en": "J"}, "competencies": [
    {"id": "talk", "name": {"en": "Talk"}, "weight": 60, "indicators": [
      {"id": "i", "name": {"en": "Flow"}, "weight": 100}]},
    {"id": "work", "name": {"en": "Work"}, "weight": 40, "indicators": [
      {"id": "i", "name": {"en": "Screen"}, "weight": 100}]}]}
}"""
)
DURATIONS = {("q1", "camera"): 120.0, ("q2", "camera"): 60.0, ("q2", "screen"): 60.0}


def scorecard(
    *ranges: tuple[float, float], answer: str = "q1", module: str = "speech"
) -> Scorecard:
    evidence = Evidence(
        kind="pause",
        module=module,
        answer=answer,
        attempt=1,
        value=1,
        unit="s",
        score=50,
        weight=1,
        confidence=1,
        ranges=[TimeRange(start_s=start, end_s=end) for start, end in ranges],
    )
    common = {"weight": 100, "status": "scored", "score": 50, "coverage": 1, "name": {"en": "X"}}
    indicator = IndicatorScore(id="i", evidence=[evidence], missing=[], **common)
    return Scorecard(
        interview="itv_x",
        competency_model="m",
        competency_model_version=1,
        mapping_version="v1",
        calibrated=False,
        total=Total(status="scored", score=50, coverage=1),
        competencies=[CompetencyScore(id="talk", indicators=[indicator], **common)],
        answers=[],
    )


def made(card: Scorecard | None, **moments: list[KeyMoment]) -> EvaluationTemplate:
    return evaluation_template("itv_x", PLAN, card, moments, DURATIONS)


def test_every_competency_with_its_questions() -> None:
    talk, work = made(None).competencies
    assert (talk.competency, talk.answers, work.answers) == ("talk", ["q1", "q2"], ["q2"])
    assert talk.indicators == [{"en": "Flow"}]
    assert talk.suggested == []


def test_what_was_marked_comes_with_its_note() -> None:
    talk, _ = made(scorecard((100, 104)), q1=[KeyMoment(at_s=20, note="here")]).competencies
    assert talk.suggested == [
        SuggestedRange(
            answer="q1", track="camera", start_s=20, end_s=50, because="marked", note="here"
        ),
        SuggestedRange(answer="q1", track="camera", start_s=95, end_s=109, because="pause"),
    ]


def test_ranges_stay_within_the_recording() -> None:
    talk, _ = made(scorecard((0, 1), (119, 120), (500, 600))).competencies
    assert [(item.start_s, item.end_s) for item in talk.suggested] == [(0, 6), (114, 120)]


def test_the_screen_is_suggested_on_the_screens_track() -> None:
    talk, _ = made(scorecard((10, 20), answer="q2", module="screen")).competencies
    assert [(item.answer, item.track) for item in talk.suggested] == [("q2", "screen")]


Moments = st.lists(
    st.builds(KeyMoment, at_s=st.floats(0, 200), note=st.text(max_size=5)), max_size=8
)
Spans = st.lists(
    st.tuples(st.floats(0, 150), st.floats(0, 150)).map(sorted).map(tuple), max_size=12
)


@given(first=Moments, second=Moments, spans=Spans)
def test_few_apart_and_in_order(
    first: list[KeyMoment], second: list[KeyMoment], spans: list[tuple[float, float]]
) -> None:
    for line in made(scorecard(*spans), q1=first, q2=second).competencies:
        assert len(line.suggested) <= MAX_SUGGESTED
        places = [(line.answers.index(item.answer), item.start_s) for item in line.suggested]
        assert places == sorted(places)
        for one in line.suggested:
            assert 0 <= one.start_s <= one.end_s <= DURATIONS[one.answer, one.track]


def test_the_form_holds_no_score() -> None:
    assert b'"score"' not in made(scorecard((1, 2))).canonical()
