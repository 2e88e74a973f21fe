"""The mapping from observations to indicators: versioned data that HR can read.

Each indicator is a weighted sum of piecewise-linear curves over observation kinds. The shipped mapping is
not calibrated against a customer's own reviewers, and says so (`calibrated`). A version never changes: who
edits a mapping gives it a new one, and a template names the version that its interviews are scored by.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.errors import Invalid
from greenroom.domain.model import Document, LocalizedText, Share, Slug

Point = tuple[Annotated[float, Field(ge=-1e9, le=1e9)], Annotated[float, Field(ge=0, le=100)]]
"""(value, score). The bounds keep interpolation finite."""


MappingVersion = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Contribution(Document):
    """One observation kind's part in an indicator.

    `points` are (value, score 0–100) corners with rising values; outside them the curve stays level.
    `evidence` is the kind whose time ranges show the value; `module` is what measures it.
    """

    kind: Slug
    module: Slug
    evidence: Slug
    weight: Annotated[float, Field(gt=0, le=100)]
    points: Annotated[list[Point], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        values = [value for value, _ in self.points]
        if values != sorted(set(values)):
            raise ValueError(f"{self.kind}: points must have rising values")
        return self

    def score(self, value: float) -> float:
        """Linear between the corners, level outside them; 0–100."""
        points = self.points
        if value <= points[0][0]:
            return points[0][1]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if value <= x1:
                return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
        return points[-1][1]


class Mapping(Document):
    """All indicators. Below `minimum_coverage` of the weight nothing is scored.

    `note` says to people what the version is for, or what changed.
    """

    version: MappingVersion
    note: LocalizedText | None = None
    calibrated: bool
    minimum_coverage: Share
    indicators: Annotated[
        dict[Slug, Annotated[list[Contribution], Field(min_length=1, max_length=20)]],
        Field(max_length=200),
    ]

    @model_validator(mode="after")
    def _kinds_are_distinct(self) -> Self:
        for indicator, contributions in self.indicators.items():
            kinds = [(item.module, item.kind) for item in contributions]
            twice = sorted({kind for module, kind in kinds if kinds.count((module, kind)) > 1})
            if twice:
                raise ValueError(f"{indicator}: {', '.join(twice)} contributes twice")
        return self


SHIPPED = ("v1",)


@cache
def shipped_mapping(version: str = "v1") -> Mapping:
    """A mapping that comes with the product. Raises `Invalid` (`unknown_mapping`)."""
    if version not in SHIPPED:
        raise Invalid(f"no mapping {version[:64]!r}", code="unknown_mapping")
    path = resources.files("greenroom.domain") / "mappings" / f"{version}.json"
    return Mapping.parse(path.read_bytes(), what=f"mapping {version}")


def indicators_of(mappings: Iterable[Mapping]) -> list[str]:
    """The indicators that any of the mappings can score, by name."""
    return sorted({indicator for mapping in mappings for indicator in mapping.indicators})
