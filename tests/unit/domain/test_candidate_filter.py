"""Filters as data: degrees read from the words of résumés, and every criterion by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.batch import Experience, Resume
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.education import LEVELS, at_least, education_level
from greenroom.domain.errors import Invalid

NAME = '"id": "f", "name": {"zh-CN": "本科及以上，1 年零售经验"}'
RETAIL = CandidateFilter.parse(
    f'{{{NAME}, "education": "bachelor", "experience": [{{"field": "零售", "years": 1}}]}}'
)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("本科", "bachelor"),
        ("全日制本科（计算机）", "bachelor"),
        ("专升本", "bachelor"),
        ("工商管理学士", "bachelor"),
        ("Bachelor of Arts", "bachelor"),
        ("BSc", "bachelor"),
        ("硕士研究生", "master"),
        ("MBA", "master"),
        ("Master's degree", "master"),
        ("博士", "doctor"),
        ("Ph.D.", "doctor"),
        ("大专", "associate"),
        ("高中", "high_school"),
        ("Headmaster of a school", None),
        ("", None),
        (None, None),
    ],
)
def test_degrees_are_read_as_people_write_them(text: str | None, level: str | None) -> None:
    assert education_level(text) == level


def test_a_higher_degree_meets_a_lower_one() -> None:
    words = ["高中", "大专", "本科", "硕士", "博士"]
    for has, word in enumerate(words):
        assert [at_least(word, level) for level in LEVELS] == [has >= i for i in range(5)]


@pytest.mark.parametrize(
    ("resume", "lacking"),
    [
        ({"education": "硕士", "experience": [{"field": "零售", "years": 1}]}, []),
        ({"education": "大专", "experience": [{"field": "零售", "years": 3}]}, ["education"]),
        ({"education": "本科", "experience": [{"field": "餐饮", "years": 9}]}, ["experience.零售"]),
        (
            {
                "education": "本科",
                "experience": [{"field": "零售", "years": 0.5}, {"field": " 零售", "years": 0.5}],
            },
            [],
        ),
        ({"years_of_experience": 10, "keywords": ["零售"]}, ["education", "experience.零售"]),
        (None, ["education", "experience.零售"]),
    ],
)
def test_bachelor_and_a_year_of_retail(resume: dict | None, lacking: list[str]) -> None:
    told = Resume.model_validate(resume) if resume else None
    assert RETAIL.unmet(told) == lacking


def test_skills_are_compared_whole_whatever_their_case_or_width() -> None:
    wanted = CandidateFilter.parse(f'{{{NAME}, "skills": ["Excel", "门店管理"]}}')
    assert wanted.unmet(Resume(keywords=["ＥＸＣＥＬ", "门店管理"])) == []
    assert wanted.unmet(Resume(keywords=["Excel表", "门店"])) == ["skills.Excel", "skills.门店管理"]
    fields = Resume(experience=[Experience(field="门店管理", years=1)], keywords=["excel "])
    assert wanted.unmet(fields) == []


def test_a_filter_asks_for_something() -> None:
    for nothing in (
        "",
        ', "skills": []',
        ', "education": "primary"',
        ', "years_of_experience": -1',
    ):
        with pytest.raises(Invalid) as caught:
            CandidateFilter.parse(f"{{{NAME}{nothing}}}")
        assert caught.value.code == "invalid_document"


@given(st.floats(0, 80), st.floats(0, 80))
def test_more_years_never_stop_fitting(wanted: float, more: float) -> None:
    asks = CandidateFilter.model_validate(
        {"id": "f", "name": {"en": "F"}, "years_of_experience": wanted}
    )
    fits = [not asks.unmet(Resume(years_of_experience=years)) for years in sorted((wanted, more))]
    assert fits[1]
    assert fits[0] == (min(wanted, more) >= wanted)
