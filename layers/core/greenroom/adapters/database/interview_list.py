"""The list of interviews as one statement: every filter, every order, pages by the last row seen.

Each order is that of an index, so a page is read off its start. Filters that stand in the index before the
order (state, batch, job, candidate) skip what does not fit; the others are looked up row by row on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.tables import FLAGGED, interviews, scores
from greenroom.domain.interview_query import ByMoment, Order, ScoreBound


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


def with_flag(statement: sa.Select[Any], flag: str) -> sa.Select[Any]:
    """Flags are a JSON list; few interviews have any, and these have an index of their own."""
    named = interviews.c.flags.contains(f'"{flag}"', autoescape=True)
    return statement.where(sa.text(FLAGGED), named)


def within(statement: sa.Select[Any], bounds: Iterable[ScoreBound]) -> sa.Select[Any]:
    for bound in bounds:
        if bound.competency is None:
            statement = statement.where(_holds(interviews.c.total_score, bound))
        else:
            of = scores.alias()
            fits = sa.exists().where(
                of.c.interview_id == interviews.c.id,
                of.c.competency == bound.competency,
                _holds(of.c.score, bound),
            )
            statement = statement.where(fits)
    return statement


def _holds(column: sa.ColumnElement[Any], bound: ScoreBound) -> sa.ColumnElement[bool]:
    return column >= bound.score if bound.relation == ">=" else column <= bound.score
