"""Looking through every table for what is left of somebody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import audit_log
from greenroom.adapters.database.retention_tables import erased_interviews, erasures
from greenroom.adapters.database.sealed import Sealed
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
            found += self._in_sealed(table, wanted, ids if table.name not in KEPT else [])
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

    def _in_sealed(self, table: sa.Table, needles: list[str], ids: Sequence[str]) -> list[Left]:
        """The same in columns that the database itself cannot read."""
        sealed = [column for column in table.c if isinstance(column.type, Sealed)]
        counted = dict.fromkeys((column.name for column in sealed), 0)
        if sealed:
            every = self._connection.execution_options(yield_per=1000)
            for row in every.execute(sa.select(*sealed)):
                for name, text in row._mapping.items():
                    counted[name] += text is not None and _said_in(text, needles, ids)
        return [
            Left(place=f"{table.name}.{name}", count=count)
            for name, count in counted.items()
            if count
        ]

    def namesakes(self, person: CandidateRow) -> tuple[bool, bool]:
        """Whether a candidate with another id has the same name, the same address: a search cannot tell them apart."""

        others = sa.select(candidates.c.name, candidates.c.email).where(
            candidates.c.external_id != person.external_id
        )
        name = email = False
        for row in self._connection.execution_options(yield_per=1000).execute(others):
            name |= row.name == person.name
            email |= row.email == person.email
        return name, email


def _said_in(text: str, needles: Sequence[str], ids: Sequence[str]) -> bool:
    """As `_holds`."""
    low = text.lower()  # LIKE knows no case in ASCII
    return any(one in text for one in ids) or any(
        text == needle or in_json(needle) in text
        if len(needle) < 4 and needle.isascii()
        else needle.lower() in low or json.dumps(needle)[1:-1].lower() in low
        for needle in needles
    )


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
    if isinstance(kind, Sealed):
        return False
    return isinstance(kind.impl if isinstance(kind, sa.TypeDecorator) else kind, sa.String)
