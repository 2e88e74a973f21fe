"""What an answer lacks: each rule on its own, their order, and that no text can bring them to a wrong end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from greenroom.domain.analysis import Analysis, ModuleResult, Observation, Utterance
from greenroom.domain.asked import Asked
from greenroom.domain.follow_up_rules import (
    FollowUpRules,
    find_lack,
    follow_up,
    is_said,
    shipped_rules,
)
from greenroom.domain.plan import Plan
from greenroom.domain.quality import Finding, Quality
from greenroom.domain.template import Question, Template, follow_up_id
from tests.seeded import MODEL, TEMPLATE

RULES = shipped_rules()
QUESTION = Question(
    id="service", text={"en": "A guest complained?"}, competencies=["service"], min_s=30, max_s=180
)
SERVICE = MODEL.competencies[1].model_copy(update={"keywords": ["客户", "投诉", "complaint"]})
ASKED = Asked(question=QUESTION, competencies=[SERVICE])
WHOLE = "有一次一位客户投诉包装破损，我先道歉再换货，结果客户很满意，还成了会员。"
"""An answer with an example, a result and a keyword."""


def quality(duration_s: float | None = 100, silence_share: float | None = 0.1) -> Quality:
    measures = {"duration_s": duration_s, "silence_share": silence_share}
    return Quality(
        interview="itv_" + "a" * 20,
        answer="service",
        attempt=2,
        verdict="usable",
        reasons=[],
        findings=[
            Finding(code=code, track="camera", level="ok", value=value, unit="")
            for code, value in measures.items()
        ],
        inputs={},
        tool="test",
    )


def analysis(*texts: str, pause_s: float = 1, **heard: Any) -> Analysis:
    utterance = {"confidence": 0.9, "language": "zh"} | heard
    pause = Observation(
        kind="pause", start_s=5, end_s=5 + pause_s, value=pause_s, unit="s", confidence=1, n=1
    )
    said = [Utterance(start_s=0, end_s=9, text=text, **utterance) for text in texts]
    return Analysis(
        interview="itv_" + "a" * 20,
        answer="service",
        attempt=2,
        inputs={},
        tool="test",
        modules=[
            ModuleResult(module="speech", status="ok", observations=[pause]),
            ModuleResult(module="language", status="ok", transcript=said),
        ],
    )


def rule(
    found: Analysis | None, checked: Quality | None = None, asked: Asked = ASKED
) -> str | None:
    lack = find_lack(RULES, asked, checked or quality(), found)
    return lack.rule if lack else None


def test_a_whole_answer_is_not_followed_up() -> None:
    assert rule(analysis(WHOLE)) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("我觉得对待客户一定要耐心，要认真倾听他们的投诉，结果自然会好。", "no_example"),
        ("有一次客户投诉包装破损，我先向他道歉，再问清楚情况，然后换货。", "no_result"),
        ("有一次我整理仓库，把货架重新编号，结果找货的时间缩短了一半。", "competency_untouched"),
        ("Once a guest came with a complaint and I listened to everything.", "no_result"),
        ("Once a guest had a COMPLAINT, I listened; in the end all was well.", None),
    ],
)
def test_what_was_left_out_is_asked_for(said: str, expected: str | None) -> None:
    assert rule(analysis(said, language=None)) == expected


def test_the_untouched_competency_is_named_in_each_language() -> None:
    said = analysis("有一次我整理仓库，把货架重新编号，结果找货的时间缩短了一半。")
    lack = find_lack(RULES, ASKED, quality(), said)
    assert lack is not None
    assert "客户服务" in lack.text["zh-CN"]
    assert "Customer service" in lack.text["en"]
    assert "{" not in "".join(lack.text.values())


def test_a_question_about_everything_wants_one_keyword_of_any() -> None:
    other = MODEL.competencies[0].model_copy(update={"keywords": ["沟通"]})
    everything = Asked(
        question=QUESTION.model_copy(update={"competencies": []}), competencies=[other, SERVICE]
    )
    assert rule(analysis(WHOLE), asked=everything) is None


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        (quality(duration_s=35), "too_short"),  # min_s is 30
        (quality(duration_s=36), None),
        (quality(silence_share=0.6), "mostly_silent"),
        (quality(duration_s=35, silence_share=0.9), "too_short"),
        (quality(duration_s=None, silence_share=None), None),
    ],
)
def test_without_an_analysis_the_quality_check_decides(
    checked: Quality, expected: str | None
) -> None:
    assert rule(None, checked) == expected


def test_without_a_minimum_the_limit_says_what_is_short() -> None:
    free = Asked(question=QUESTION.model_copy(update={"min_s": 0}), competencies=[])
    assert rule(None, quality(duration_s=26.9), free) == "too_short"
    assert rule(None, quality(duration_s=27), free) is None


def test_without_a_transcript_a_long_silence_is_asked_about() -> None:
    assert rule(analysis(pause_s=8)) == "long_silence"
    assert rule(analysis(pause_s=7.9)) is None


@pytest.mark.parametrize(
    "heard",
    [
        analysis("我觉得很好。"),
        analysis("我觉得对待顾客一定要耐心，要认真倾听他们的意见。", confidence=0.4),
        analysis("Je pense qu'il faut toujours rester calme et poli.", language="fr"),
    ],
    ids=["too little", "unsure", "another language"],
)
def test_a_transcript_that_tells_nothing_reliably_is_not_judged(heard: Analysis) -> None:
    assert rule(heard) is None


def test_words_are_found_as_people_say_them() -> None:
    assert is_said("结果", "最后 的 结 果 是")
    assert is_said("for example", "For Example, yes")
    assert is_said("Excel", "用ＥＸＣＥＬ做的")
    assert not is_said("once", "concerned")
    assert is_said("%", "涨了20%")


@given(
    texts=st.lists(st.text(max_size=80), max_size=4),
    duration_s=st.none() | st.floats(0, 1e5),
    silence=st.none() | st.floats(0, 1),
    analysed=st.booleans(),
)
def test_whatever_was_said_one_question_at_most_comes_of_it(
    texts: list[str], duration_s: float | None, silence: float | None, analysed: bool
) -> None:
    checked = quality(duration_s, silence)
    found = analysis(*texts, language=None) if analysed else None
    lack = find_lack(RULES, ASKED, checked, found)
    assert lack == find_lack(RULES, ASKED, checked, found)
    early = find_lack(RULES, ASKED, checked, None)
    assert early is None or lack == early, "the analysis coming in changes no earlier decision"
    if lack is not None:
        made = follow_up(QUESTION, 2, lack, RULES)
        assert set(made.text) == {"zh-CN", "en"}
        assert (made.follows, made.rule, made.competencies) == ("service", lack.rule, ["service"])
        assert made.tracks == ["camera"]


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_what_was_said_is_said_wherever_it_stands(before: str, after: str, word: str) -> None:
    if word.strip() and not word.isspace():
        assert is_said(word, f"{before} {word} {after}")


def test_rules_in_the_wrong_order_are_refused() -> None:
    document = RULES.model_dump()
    document["rules"].reverse()
    with pytest.raises(ValidationError, match="come first"):
        FollowUpRules.model_validate(document)


def test_a_follow_up_stands_after_its_question_in_the_plan() -> None:
    lack = find_lack(RULES, ASKED, quality(duration_s=1), None)
    assert lack is not None
    first, second = TEMPLATE.questions
    plan = Plan(template=TEMPLATE, model=MODEL)
    own = plan.with_follow_ups([follow_up(first, 1, lack, RULES)])
    added = follow_up_id(first.id)
    assert [item.id for item in own.template.questions] == [first.id, added, second.id]
    assert own.numbers == {first.id: 1, added: 1, second.id: 2}
    assert list(own.follow_ups) == [added]
    assert plan.follow_ups == {}


@pytest.mark.parametrize("names", [["a" * 55], ["one", "one-follow-up"]])
def test_names_that_leave_no_room_for_a_follow_up_are_refused(names: list[str]) -> None:
    questions = [{"id": name, "text": {"en": "Why?"}} for name in names]
    document = TEMPLATE.model_dump() | {"questions": questions}
    Template.model_validate(document)
    document["entry"] = {"follow_ups": True}
    with pytest.raises(ValidationError, match="no follow-up can be named"):
        Template.model_validate(document)
