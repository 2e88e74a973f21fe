"""Sealed texts under which key, and those of former keys sealed again under the newest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database import retention_tables, rule_tables  # noqa: F401 -- their tables are in `metadata`
from greenroom.adapters.database.sealed import Sealed
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import metadata
from greenroom.adapters.vault import HEAD, MARK

UNSEALED = ""
SealedColumn = sa.Column[Any]


def sealed_columns() -> list[SealedColumn]:
    """Every column that holds what is known of people."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, Sealed)
    ]


class Resealing(Repository):
    def counts(self) -> dict[str, int]:
        """Texts by what they begin with: mark, cipher and key, `UNSEALED` for those that rest as they are."""
        counted: dict[str, int] = {}
        for column in sealed_columns():
            raw = sa.type_coerce(column, sa.Text)
            head = sa.case(
                (sa.func.substr(raw, 1, 1) == MARK, sa.func.substr(raw, 1, HEAD)), else_=UNSEALED
            )
            found = sa.select(head, sa.func.count()).where(column.is_not(None)).group_by(head)
            for name, count in self._connection.execute(found):
                counted[name] = counted.get(name, 0) + count
        return counted

    def reseal(self, column: SealedColumn, newest: str, limit: int) -> int:
        """Seal up to `limit` texts of the column again that do not begin with `newest`; how many there were.

        What somebody writes meanwhile is left as they wrote it.
        """
        raw = sa.type_coerce(column, sa.Text)
        keys = list(column.table.primary_key)
        old = (
            sa.select(*keys, raw.label("raw"), column.label("text"))
            .where(column.is_not(None), sa.func.substr(raw, 1, HEAD) != newest)
            .limit(limit)
        )
        rows = list(self._connection.execute(self._free(old, column.table)))
        for row in rows:
            mine = [key == row[index] for index, key in enumerate(keys)]
            change = sa.update(column.table).where(*mine, raw == row.raw)
            self._connection.execute(change.values({column.name: row.text}))
        return len(rows)

    def texts(self, column: SealedColumn) -> Iterator[str]:
        """Every text of the column, opened."""
        found = self._connection.execution_options(yield_per=1000).execute(
            sa.select(column).where(column.is_not(None))
        )
        for (text,) in found:
            yield text
