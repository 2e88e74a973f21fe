"""The bank is complete in both languages, and the choice from it is fair, fitting and always the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.competency import Competency, CompetencyModel, Indicator
from greenroom.domain.question_bank import choose_questions, shipped_bank


def model(**weights: float) -> CompetencyModel:
    return CompetencyModel(
        id="m",
        job={"en": "Job"},
        competencies=[
            Competency(
                id=name,
                weight=weight,
                name={"en": name.title(), "zh-CN": f"能力 {name}"},
                indicators=[Indicator(id="i", weight=100, name={"en": "I"})],
            )
            for name, weight in weights.items()
        ],
    )


def test_the_bank_is_large_and_bilingual() -> None:
    bank = shipped_bank()
    assert len(bank.questions) >= 60
    assert len({question.competency for question in bank.questions}) >= 12
    assert all(set(question.text) == {"zh-CN", "en"} for question in bank.questions)
    for language in ("zh-CN", "en"):
        texts = [question.text[language] for question in bank.questions]
        assert len(set(texts)) == len(texts)


def test_the_resume_decides_among_a_competencys_questions() -> None:
    teamwork = model(teamwork=100)
    [asked] = choose_questions(teamwork, ["项目管理经验"], 1)
    assert "跨部门项目协调" in asked.text["zh-CN"]
    [other] = choose_questions(teamwork, ["Remote work"], 1)
    assert other.id != asked.id


def test_weights_decide_how_many() -> None:
    asked = choose_questions(model(communication=60, sales=30, integrity=10), [], 5)
    counts = [
        sum(name in question.competencies for question in asked)
        for name in ("communication", "sales", "integrity")
    ]
    assert counts == [3, 2, 0] or counts == [3, 1, 1]
    assert sum(counts) == 5


def test_an_unknown_competency_is_asked_by_its_name() -> None:
    [asked] = choose_questions(model(night_shift=100), [], 1)
    assert asked.competencies == ["night_shift"]
    assert "Night_Shift".lower() in asked.text["en"]


def test_without_a_screen_nothing_asks_for_one() -> None:
    asked = choose_questions(model(data_analysis=100), ["excel"], 5, screen=False)
    assert asked
    assert all(question.tracks == ["camera"] for question in asked)


@given(
    weights=st.lists(st.integers(1, 50), min_size=1, max_size=12),
    count=st.integers(1, 12),
    keywords=st.lists(st.text(min_size=1, max_size=8), max_size=5),
)
def test_always_as_many_as_asked_and_always_the_same(
    weights: list[int], count: int, keywords: list[str]
) -> None:
    names = list(dict.fromkeys(question.competency for question in shipped_bank().questions))
    total = sum(weights)
    shares = [weight * 100 / total for weight in weights]
    shares[-1] = 100 - sum(shares[:-1])
    job = model(**dict(zip(names, shares, strict=False)))
    asked = choose_questions(job, keywords, count)
    assert asked == choose_questions(job, keywords, count)
    assert len({question.id for question in asked}) == len(asked)
    assert len(asked) <= count


@pytest.mark.parametrize("count", [1, 3, 8])
def test_equal_weights_share_alike(count: int) -> None:
    asked = choose_questions(model(communication=25, sales=25, learning=25, planning=25), [], count)
    assert len(asked) == count
