"""The competency model 岗位能力模型: what a job asks for, with weights that add up to 100 %."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.model import Document, LocalizedText, Slug

Weight = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
"""Percent."""


class Indicator(Document):
    """A sub-indicator of a competency, e.g. 语言逻辑性; `weight` is its percent of the competency."""

    id: Slug
    name: LocalizedText
    weight: Weight


class Competency(Document):
    """One competency, e.g. 沟通能力 30 %; its indicators' weights add up to 100 %.

    `target` is the score that the job asks for; below it lies a gap, which a development plan is made of.
    `courses` are what the training system offers against the gap, by its own codes.
    """

    id: Slug
    name: LocalizedText
    weight: Weight
    indicators: Annotated[list[Indicator], Field(min_length=1, max_length=20)]
    keywords: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=50)]], Field(max_length=100)
    ] = []
    target: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 70
    courses: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], Field(max_length=20)
    ] = []

    @model_validator(mode="after")
    def _indicators_add_up(self) -> Self:
        _adds_up(f"indicators of {self.id}", self.indicators)
        return self


class CompetencyModel(Document):
    """A job's competencies. A wrong sum is refused with the sum in the message (A2)."""

    id: Slug
    version: Annotated[int, Field(ge=1)] = 1
    job: LocalizedText
    competencies: Annotated[list[Competency], Field(min_length=1, max_length=30)]

    @model_validator(mode="after")
    def _competencies_add_up(self) -> Self:
        _adds_up("competencies", self.competencies)
        return self


def _adds_up(what: str, items: list[Competency] | list[Indicator]) -> None:
    ids = [item.id for item in items]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise ValueError(f"{what}: {', '.join(repeated)} is named twice")
    total = round(sum(item.weight for item in items), 6)
    if total != 100:
        raise ValueError(f"weights of {what} must add up to 100, they add up to {total:.10g}")
