"""What every repository stands on: a connection, a clock, and inserts that may meet a row already there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from greenroom.clock import Clock


def _insert(table: sa.Table, dialect: str) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


# Built once each: putting one together costs as much as running it, and every health report needs two.
@cache
def _inserting_missing(table: sa.Table, dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing()


@cache
def _upserting(
    table: sa.Table, dialect: str, key: tuple[str, ...], changed: tuple[str, ...]
) -> Any:
    statement = _insert(table, dialect)
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in changed}
    )


class Repository:
    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def _insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT, in the dialect's own form."""
        return _insert(table, self._connection.dialect.name)

    def _inserted(self, table: sa.Table, row: dict[str, Any]) -> bool:
        """Insert the row unless one stands in its way; whether it was inserted."""
        statement = self._insert(table).values(row).on_conflict_do_nothing()
        # A row count would not do: psycopg's is unknown (-1) for such a statement.
        returned = self._connection.execute(statement.returning(sa.literal(1)))
        return returned.first() is not None

    def _insert_missing(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert the rows that are not there yet; the others stay as they are."""
        if rows:
            statement = _inserting_missing(table, self._connection.dialect.name)
            self._connection.execute(statement, list(rows))

    def _upsert(self, table: sa.Table, rows: Sequence[dict[str, Any]], *key: str) -> None:
        """Insert the rows, or give those that are there the new values."""
        if rows:
            changed = tuple(name for name in rows[0] if name not in key)
            statement = _upserting(table, self._connection.dialect.name, key, changed)
            self._connection.execute(statement, list(rows))

    def _changed(self, statement: sa.Update) -> bool:
        """Run a compare-and-set; whether it held."""
        return self._connection.execute(statement).rowcount > 0

    def _held(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """Rows that nobody else changes until the commit (SQLite has one writer anyway).

        Others may still insert rows that point to them: two transactions that both have done so and then
        want the row for themselves would wait for each other.
        """
        return statement.with_for_update(key_share=True)

    def _free(self, statement: sa.Select[Any], of: sa.Table) -> sa.Select[Any]:
        """Rows of `of` for update, without those that another transaction holds."""
        return statement.with_for_update(skip_locked=True, of=of)
