"""Looking through every table for what is left of somebody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import audit_log
from greenroom.adapters.database.retention_tables import erased_interviews, erasures
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import candidates, deliveries, metadata, process_log
from greenroom.domain.batch import CandidateRow
from greenroom.domain.erasure import Left

KEPT = frozenset(
    {erasures.name, erased_interviews.name, audit_log.name, deliveries.name, process_log.name}
)
"""Tables in which an erased interview's own id stays, which leads to nobody: the erasure itself, what was told of it,
and the audit log."""


class Leftovers(Repository):
    def search(self, needles: Iterable[str], ids: Sequence[str]) -> list[Left]:
        """Columns of any table that hold one of the `needles`, or one of the interviews' `ids` outside `KEPT`.

        Short words would be found inside others: below four ASCII letters only a whole value counts.
        """
        wanted = [one for one in dict.fromkeys(needles) if one]
        found = []
        for table in metadata.sorted_tables:
            if table is erasures:
                continue  # it is what the search is for, and names nobody once the certificate is made
            counted = {}
            for column in filter(_is_text, table.c):
                held = [_holds(column, one) for one in wanted]
                if table.name not in KEPT:
                    held += [column.contains(one, autoescape=True) for one in ids]
                if held:
                    counted[column.name] = sa.func.count(sa.case((sa.or_(*held), 1)))
            if counted:  # a table is read once for all of its columns
                row = self._connection.execute(
                    sa.select(*counted.values()).select_from(table)
                ).one()
                found += [
                    Left(place=f"{table.name}.{name}", count=count)
                    for name, count in zip(counted, row, strict=True)
                    if count
                ]
        return found

    def namesakes(self, person: CandidateRow) -> tuple[bool, bool]:
        """Whether a candidate with another id has the same name, the same address: a search cannot tell them apart."""

        def another(column: sa.Column[str], value: str) -> bool:
            somebody = sa.exists().where(
                candidates.c.external_id != person.external_id, column == value
            )
            return bool(self._connection.scalar(sa.select(somebody)))

        return another(candidates.c.name, person.name), another(candidates.c.email, person.email)


def _holds(column: sa.Column[Any], needle: str) -> sa.ColumnElement[bool]:
    if len(needle) < 4 and needle.isascii():
        return sa.or_(column == needle, column.contains(in_json(needle), autoescape=True))
    written = column.contains(needle, autoescape=True)
    escaped = json.dumps(needle)[1:-1]
    if escaped == needle:
        return written
    return sa.or_(written, column.contains(escaped, autoescape=True))


def in_json(text: str) -> str:
    """As a whole value in a JSON document of ours."""
    return json.dumps(text, ensure_ascii=False)


def _is_text(column: sa.Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind.impl if isinstance(kind, sa.TypeDecorator) else kind, sa.String)
