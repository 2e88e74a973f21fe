"""The mapping from observations to indicators: versioned data that HR can read.

Each indicator is a weighted sum of piecewise-linear curves over observation kinds. The shipped mapping is
not calibrated against a customer's own reviewers, and says so (`calibrated`).
"""

from __future__ import annotations

import itertools
from functools import cache
from importlib import resources
from typing import Annotated, Self

from pydantic import Field, model_validator

from greenroom.domain.model import Document, Share, Slug

Point = tuple[Annotated[float, Field(ge=-1e9, le=1e9)], Annotated[float, Field(ge=0, le=100)]]
"""(value, score). The bounds keep interpolation finite."""


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
    """All indicators. Below `minimum_coverage` of the weight nothing is scored."""

    version: str
    calibrated: bool
    minimum_coverage: Share
    indicators: dict[Slug, list[Contribution]]


@cache
def shipped_mapping(version: str = "v1") -> Mapping:
    """A mapping that comes with the product. Raises FileNotFoundError for an unknown version."""
    path = resources.files("greenroom.domain") / "mappings" / f"{version}.json"
    return Mapping.parse(path.read_bytes(), what=f"mapping {version}")
