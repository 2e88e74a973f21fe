"""The list of interviews for people: filters that the address carries, chips that take them off, ranks and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from functions.console import reading
from functions.console.list_query import ListQuery, list_query
from functions.console.page import render
from functions.console.session import Visitor, visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.consent import RECORDING_WITHDRAWN
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.domain.interview import (
    NEEDS_FOLLOW_UP,
    NEEDS_RE_RECORD,
    InterviewState,
    ehr_status,
)
from greenroom.domain.interview_query import ByScore, ScoreBound
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import InterviewRow
    from greenroom.domain.model import LocalizedText
    from greenroom.domain.plan import Plan
    from greenroom.runtime.function import Function

PATH = "/console/interviews"
PAGE_SIZES = (20, 50, 100, 200)
BATCHES_OFFERED = 50
"""The newest batches are what the form offers; an older one is reached by its link."""
COUNTED = 10_000
"""Beyond so many the page says "more than" and gives no ranks: a count walks over all that it counts."""
TOTAL = "total"
FLAGS = (NEEDS_FOLLOW_UP, NEEDS_RE_RECORD, RECORDING_WITHDRAWN)
HELPERS = {"bound", "relation", "score"}


@dataclass(frozen=True)
class Chip:
    """One filter that holds. `value` is what it asks for; `without` is the list without it."""

    kind: str
    value: str | ScoreBound
    without: str


@dataclass(frozen=True)
class Choices:
    """What the form offers: a batch's plan by its id, a job's and a competency's name in every language."""

    batches: dict[str, Plan]
    jobs: dict[str, LocalizedText]
    competencies: dict[str, LocalizedText]


def interviews_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/interviews``: the filters of ``GET /v1/interviews``, and a form that fills them in.

    A filter that cannot be is said on the page, above the form that it came from.
    """
    asked = canonical(request.query)
    visitor = visitor_of(request)
    problem: GreenroomError | None = None
    found, wanted, matching, place = reading.InterviewList([], {}, None), list_query({}), 0, None
    try:
        wanted = list_query(asked)
        found = reading.interview_list(asked, app, interviewer=visitor.interviewer)
        matching, place = _counted(wanted, app, visitor.interviewer)
    except (Invalid, Conflict) as error:
        problem = error
    kept = {name: value for name, value in asked.items() if name != "after"}
    choices = _choices(app, visitor, found.interviews)
    return render(
        request,
        app,
        "interviews.html",
        status=problem.status if problem else 200,
        problem=problem,
        interviews=found.interviews,
        scores=found.scores,
        following=found.after and _address({**kept, "after": found.after}),
        first=not asked.get("after"),
        kept=kept,
        query=urlencode(kept),
        wanted=wanted,
        sorts=_sorts(choices, kept.get("sort", "")),
        chips=_chips(kept, wanted) if problem is None else [],
        choices=choices,
        matching=matching,
        counted=COUNTED,
        places=_places(found.interviews, wanted, place),
        states=list(InterviewState),
        flags=FLAGS,
        page_sizes=PAGE_SIZES,
        may_act=visitor.may(Permission.INTERVIEWS_WRITE),
        may_export=visitor.may(Permission.INTERVIEWS_READ),
        ehr_status=ehr_status,
    )


def canonical(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of ``GET /v1/interviews`` for what the form sent.

    Empty fields fall away. A form cannot put a competency that is chosen into a field's name: the three fields of
    its bound become ``score[communication]>=80``.
    """
    asked = {
        name: value.strip()
        for name, value in query.items()
        if name != "lang" and name not in HELPERS and value.strip()
    }
    score = query.get("score", "").strip()
    if score:
        bound = query.get("bound") or TOTAL
        name = "total_score" if bound == TOTAL else f"score[{bound}]"
        asked[f"{name}{'<' if query.get('relation') == '<' else '>'}"] = score
    return asked


def _address(asked: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(asked)}" if asked else PATH


def _counted(
    wanted: ListQuery, app: Function[Settings], interviewer: str | None
) -> tuple[int, int | None]:
    """How many match, up to one more than `COUNTED`; the place of the page's first, None where it was not counted."""
    filters = {**wanted.filters, "interviewer": interviewer}
    with app.database.begin() as tx:
        matching = tx.interviews.count(wanted.order, COUNTED + 1, **filters)
        if wanted.after is None:
            return matching, 1
        if matching > COUNTED:
            return matching, None
        left = tx.interviews.count(wanted.order, COUNTED, after=wanted.after, **filters)
    return matching, matching - left + 1


def _places(rows: list[InterviewRow], wanted: ListQuery, first: int | None) -> dict[str, int]:
    """Each one's place in the ranking of a job, by interview; nothing for a list that is no ranking."""
    best_first = isinstance(wanted.order, ByScore) and wanted.order.descending
    if not (best_first and wanted.job) or first is None:
        return {}
    return {row.id: first + position for position, row in enumerate(rows)}


def _chips(kept: Mapping[str, str], wanted: ListQuery) -> list[Chip]:
    def without(name: str) -> str:
        return _address({key: value for key, value in kept.items() if key != name})

    plain = [
        Chip(kind, kept[kind], without(kind))
        for kind in ("state", "batch", "job", "candidate", "flag")
        if kind in kept
    ]
    return plain + [Chip("score", bound, without(bound.parameter)) for bound in wanted.scores]


def _choices(app: Function[Settings], visitor: Visitor, shown: Iterable[InterviewRow]) -> Choices:
    """From the newest batches; an interviewer is offered nothing of batches of which they see no interview."""
    plans = {row.batch_id: row.plan for row in shown}
    if visitor.interviewer is None:
        with app.database.begin() as tx:
            plans |= {batch.id: batch.plan for batch in tx.batches.newest(BATCHES_OFFERED)}
    models = {plan.model.id: plan.model for plan in plans.values()}
    return Choices(
        batches=plans,
        jobs={model.id: model.job for model in models.values()},
        competencies={one.id: one.name for model in models.values() for one in model.competencies},
    )


def _sorts(choices: Choices, present: str) -> list[str]:
    """The orders that the form offers, as ``sort`` writes them, the `present` one among them; "" is newest first."""
    best_first = [f"-score[{competency}]" for competency in choices.competencies]
    offered = ["", "deadline", "-total_score", *best_first]
    return offered if present in offered else [*offered, present]
