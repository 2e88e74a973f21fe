"""The list of interviews as one statement: every filter, every order, pages by the last row seen.

Each order is that of an index, so a page is read off its start. Filters that stand in the index before the
order (state, batch, job, candidate) skip what does not fit; the others are looked up row by row on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import interviewers
from greenroom.adapters.database.tables import FLAGGED, interviews, scores
from greenroom.domain.interview_query import ByMoment, Order, ScoreBound

_OF = scores.alias("of_score")
"""Each bound looks a score up for itself; the list may be sorted by another one."""


def sort_column(order: Order) -> sa.ColumnElement[Any]:
    if isinstance(order, ByMoment):
        return interviews.c[order.moment]
    return interviews.c.total_score if order.competency is None else scores.c.score


def in_order(statement: sa.Select[Any], order: Order) -> sa.Select[Any]:
    """Sorted; by a score, only what has it."""
    column = sort_column(order)
    tie: sa.ColumnElement[Any] = interviews.c.id
    if not isinstance(order, ByMoment):
        statement = statement.where(column.is_not(None))
        if order.competency is not None:
            tie = scores.c.interview_id
            statement = statement.join(scores, scores.c.interview_id == interviews.c.id).where(
                scores.c.competency == order.competency
            )
    columns = (column, tie)
    if order.descending:
        return statement.order_by(*(one.desc() for one in columns))
    return statement.order_by(*columns)


def beyond(statement: sa.Select[Any], order: Order, value: Any, seen: str) -> sa.Select[Any]:
    """Only what comes after the row `seen`, whose sort column holds `value`."""
    column = sort_column(order)
    by_competency = not isinstance(order, ByMoment) and order.competency is not None
    tie = scores.c.interview_id if by_competency else interviews.c.id
    here = sa.tuple_(column, tie)
    last = sa.tuple_(sa.literal(value, column.type), sa.literal(seen))
    return statement.where(here < last if order.descending else here > last)


def fitting(
    statement: sa.Select[Any],
    *,
    state: str | None = None,
    batch: str | None = None,
    job: str | None = None,
    candidate: str | None = None,
    flag: str | None = None,
    scores: Iterable[ScoreBound] = (),
    interviewer: str | None = None,
) -> sa.Select[Any]:
    """Only what fits all of it; `interviewer` is the mail address of somebody who is assigned."""
    exact = {"state": state, "batch_id": batch, "job": job, "candidate_id": candidate}
    for column, wanted in exact.items():
        if wanted is not None:
            statement = statement.where(interviews.c[column] == wanted)
    if flag is not None:
        statement = with_flag(statement, flag)
    statement = within(statement, scores)
    if interviewer is not None:
        mine = sa.select(interviewers.c.interview_id).where(
            interviewers.c.email == interviewer.lower()
        )
        statement = statement.where(interviews.c.id.in_(mine))
    return statement


def with_flag(statement: sa.Select[Any], flag: str) -> sa.Select[Any]:
    """Flags are a JSON list; few interviews have any, and these have an index of their own."""
    named = interviews.c.flags.contains(f'"{flag}"', autoescape=True)
    return statement.where(sa.text(FLAGGED), named)


def within(statement: sa.Select[Any], bounds: Iterable[ScoreBound]) -> sa.Select[Any]:
    for bound in bounds:
        if bound.competency is None:
            statement = statement.where(_holds(interviews.c.total_score, bound))
        else:
            fits = sa.exists().where(
                _OF.c.interview_id == interviews.c.id,
                _OF.c.competency == bound.competency,
                _holds(_OF.c.score, bound),
            )
            statement = statement.where(fits)
    return statement


def _holds(column: sa.ColumnElement[Any], bound: ScoreBound) -> sa.ColumnElement[bool]:
    return column >= bound.score if bound.relation == ">=" else column <= bound.score
