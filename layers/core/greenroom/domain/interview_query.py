"""What a list of interviews is asked for: which ones, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Moment = Literal["created_at", "deadline"]


@dataclass(frozen=True)
class ScoreBound:
    """``score[communication]>=80``. `competency` is None for the total; `score` is 0–100."""

    competency: str | None
    relation: Literal[">=", "<="]
    score: float

    @property
    def parameter(self) -> str:
        """Its name in a query: what stands before the last ``=``."""
        of = "total_score" if self.competency is None else f"score[{self.competency}]"
        return of + self.relation[0]


@dataclass(frozen=True)
class ByMoment:
    moment: Moment = "created_at"
    descending: bool = True


@dataclass(frozen=True)
class ByScore:
    """Only interviews that have the score; `competency` is None for the total."""

    competency: str | None
    descending: bool = True


Order = ByMoment | ByScore
NEWEST_FIRST = ByMoment()
