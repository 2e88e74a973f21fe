"""Filters as data: who of the candidate pool a batch invites, e.g. 本科及以上 + 1 年零售经验.

A filter is read by the domain, candidate by candidate, so that SQLite and PostgreSQL cannot differ and
whoever asks can be told what a candidate lacks.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Self

from pydantic import Field, model_validator

from greenroom.domain.batch import Experience, Resume, Word, Years
from greenroom.domain.education import EducationLevel, at_least
from greenroom.domain.model import Document, LocalizedText, Slug


class CandidateFilter(Document):
    """All criteria that are given must be met; what a résumé does not say is not met.

    `education` is the lowest degree, `years_of_experience` the fewest years in all, `experience` the fewest years
    per field, `skills` words that must all be among the résumé's keywords or fields. Words are compared whole,
    whatever their case or width.
    """

    id: Slug
    name: LocalizedText
    education: EducationLevel | None = None
    years_of_experience: Years | None = None
    experience: Annotated[list[Experience], Field(max_length=10)] = []
    skills: Annotated[list[Word], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.education or self.years_of_experience is not None or self.experience or self.skills:
            return self
        raise ValueError("a filter without any criterion would invite everybody")

    def unmet(self, resume: Resume | None) -> list[str]:
        """The criteria that this résumé does not meet, e.g. ``["education", "experience.零售"]``."""
        told = resume or Resume()
        lacking = []
        if self.education and not at_least(told.education, self.education):
            lacking.append("education")
        if self.years_of_experience is not None and (
            told.years_of_experience is None or told.years_of_experience < self.years_of_experience
        ):
            lacking.append("years_of_experience")
        for wanted in self.experience:
            years = sum(
                one.years for one in told.experience if folded(one.field) == folded(wanted.field)
            )
            if not years or years < wanted.years:
                lacking.append(f"experience.{wanted.field}")
        known = {folded(word) for word in told.keywords}
        known |= {folded(one.field) for one in told.experience}
        lacking += [f"skills.{skill}" for skill in self.skills if folded(skill) not in known]
        return lacking


def folded(word: str) -> str:
    """One form for ＥＸＣＥＬ, Excel and excel."""
    return unicodedata.normalize("NFKC", word).strip().casefold()
