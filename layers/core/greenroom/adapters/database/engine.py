"""Connections and transactions: SQLite on one machine, PostgreSQL beyond; errors mapped to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from greenroom.adapters.database.api_keys import ApiKeys
from greenroom.adapters.database.batches import Batches
from greenroom.adapters.database.catalogue import Catalogue
from greenroom.adapters.database.idempotency import Idempotency
from greenroom.adapters.database.interviews import Interviews
from greenroom.adapters.database.mails import Mails
from greenroom.adapters.database.process_log import ProcessLog
from greenroom.adapters.database.webhooks import Webhooks
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import Conflict, Unavailable

BUSY_S = 30
"""Seconds that a writer waits for another one on SQLite."""


class Transaction:
    """One transaction; the repositories share its connection and its clock."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self.clock = clock

    @cached_property
    def interviews(self) -> Interviews:
        return Interviews(self._connection, self.clock)

    @cached_property
    def batches(self) -> Batches:
        return Batches(self._connection, self.clock)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self._connection, self.clock)

    @cached_property
    def process_log(self) -> ProcessLog:
        return ProcessLog(self._connection, self.clock)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self._connection, self.clock)

    @cached_property
    def mails(self) -> Mails:
        return Mails(self._connection, self.clock)

    @cached_property
    def idempotency(self) -> Idempotency:
        return Idempotency(self._connection, self.clock)

    @cached_property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self._connection, self.clock)


class Database:
    """`url` is ``sqlite:////path`` or ``postgresql+psycopg://…``. Safe for threads."""

    def __init__(self, url: str, *, clock: Clock = now_utc) -> None:
        self._clock = clock
        self.engine = _engine(url)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Commits at the end, rolls back on an error.

        Raises `Unavailable` (`database_unavailable`) when the database does not answer or is busy, `Conflict`
        (`database_conflict`) when it refuses what contradicts its constraints.
        """
        with mapped(), self.engine.begin() as connection:
            yield Transaction(connection, self._clock)

    def migrate(self) -> None:
        """Bring the schema to the newest version. Several processes may call it at the same time."""
        from greenroom.adapters.database.migrate import upgrade

        with mapped(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7263548)"))
            upgrade(connection)

    def ping(self) -> None:
        """Raises `Unavailable` when the database does not answer."""
        with mapped(), self.engine.connect() as connection:
            connection.execute(sa.select(1))

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def mapped() -> Iterator[None]:
    """SQLAlchemy's exceptions become ours; none leaves the adapter."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"database: {error.orig}", code="database_conflict") from error
    except (DBAPIError, PoolTimeout) as error:
        raise Unavailable(
            f"database: {getattr(error, 'orig', None) or error}", code="database_unavailable"
        ) from error
    except SQLAlchemyError as error:
        raise Unavailable(f"database: {error}", code="database_unavailable") from error


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        pool_size=5,
        max_overflow=15,
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN would start as a reader, and two readers that want to write deadlock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
