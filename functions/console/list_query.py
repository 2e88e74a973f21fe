"""The query of ``GET /v1/interviews``: filters, order and page, read from its parameters.

``score[communication]>=80`` is, to whoever splits a query, a parameter named ``score[communication]>`` with the
value ``80``; that is how it is read here, percent-encoded or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from greenroom.domain.errors import Invalid
from greenroom.domain.interview import InterviewState
from greenroom.domain.interview_query import (
    NEWEST_FIRST,
    ByMoment,
    ByScore,
    Moment,
    Order,
    ScoreBound,
)
from greenroom.runtime.paging import only_known, page_size

_BOUND = re.compile(
    r"^(?:score\[(?P<competency>[a-z][a-z0-9_-]{0,63})\]|total_score)(?P<side>[<>])$"
)
_BY_SCORE = re.compile(r"^score\[([a-z][a-z0-9_-]{0,63})\]$")
_FLAG = re.compile(r"^[a-z][a-z_]{0,39}$")
_NUMBER = re.compile(r"^[0-9]{1,3}(\.[0-9]{1,6})?$")
PLAIN = {"state", "batch", "job", "candidate", "flag", "sort", "limit", "after"}
MAX_BOUNDS = 20


@dataclass(frozen=True)
class ListQuery:
    """What `Interviews.find` is asked for."""

    state: InterviewState | None
    batch: str | None
    job: str | None
    candidate: str | None
    flag: str | None
    scores: tuple[ScoreBound, ...]
    order: Order
    limit: int
    after: str | None

    @property
    def filters(self) -> dict[str, Any]:
        """Which interviews, whatever their order and page."""
        ordering = ("order", "limit", "after")
        return {name: value for name, value in vars(self).items() if name not in ordering}


def list_query(query: Mapping[str, str]) -> ListQuery:
    """Raises `Invalid` (`invalid_query`), also for a parameter that nothing here knows."""
    bounds = {name: value for name, value in query.items() if _BOUND.match(name)}
    only_known({name: "" for name in query if name not in bounds}, PLAIN)
    if len(bounds) > MAX_BOUNDS:
        raise _invalid(f"at most {MAX_BOUNDS} bounds on scores")
    return ListQuery(
        state=_state(query.get("state")),
        batch=query.get("batch") or None,
        job=query.get("job") or None,
        candidate=query.get("candidate") or None,
        flag=_flag(query.get("flag")),
        scores=tuple(_bound(name, value) for name, value in bounds.items()),
        order=_order(query.get("sort")),
        limit=page_size(query),
        after=query.get("after") or None,
    )


def _bound(name: str, value: str) -> ScoreBound:
    found = _BOUND.match(name)
    assert found is not None  # noqa: S101  (only names that match come here)
    if not _NUMBER.match(value) or float(value) > 100:
        raise _invalid(f"{name}=: a score from 0 to 100")
    relation = cast('Literal[">=", "<="]', found["side"] + "=")
    return ScoreBound(found["competency"], relation, float(value))


def _order(text: str | None) -> Order:
    if not text:
        return NEWEST_FIRST
    descending, name = text.startswith("-"), text.removeprefix("-")
    if name in ("created_at", "deadline"):
        return ByMoment(cast("Moment", name), descending)
    if name == "total_score":
        return ByScore(None, descending)
    found = _BY_SCORE.match(name)
    if found is None:
        raise _invalid(
            "sort: created_at, deadline, total_score or score[competency], with - before it for descending"
        )
    return ByScore(found[1], descending)


def _flag(text: str | None) -> str | None:
    if text and not _FLAG.match(text):
        raise _invalid("flag: a name such as needs_follow_up")
    return text or None


def _state(text: str | None) -> InterviewState | None:
    if not text:
        return None
    try:
        return InterviewState(text)
    except ValueError:
        raise _invalid(f"state: one of {', '.join(InterviewState)}") from None


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, code="invalid_query")
