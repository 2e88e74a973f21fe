"""Connections and transactions: SQLite on one machine, PostgreSQL beyond; errors mapped to ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from greenroom.adapters.database.api_keys import ApiKeys
from greenroom.adapters.database.audit import AuditLog
from greenroom.adapters.database.backlog import Backlog
from greenroom.adapters.database.batches import Batches
from greenroom.adapters.database.candidates import Candidates
from greenroom.adapters.database.catalogue import Catalogue
from greenroom.adapters.database.decisions import Decisions
from greenroom.adapters.database.disposals import Disposals
from greenroom.adapters.database.erasures import Erasures
from greenroom.adapters.database.evaluations import Evaluations
from greenroom.adapters.database.figures import Figures
from greenroom.adapters.database.idempotency import Idempotency
from greenroom.adapters.database.identity import IdentityPictures
from greenroom.adapters.database.interviewers import Interviewers
from greenroom.adapters.database.interviews import Interviews
from greenroom.adapters.database.legal_holds import LegalHolds
from greenroom.adapters.database.mails import Mails
from greenroom.adapters.database.module_runs import ModuleRuns
from greenroom.adapters.database.overrides import Overrides
from greenroom.adapters.database.partner_orders import PartnerOrders
from greenroom.adapters.database.presence import Presence
from greenroom.adapters.database.process_log import ProcessLog
from greenroom.adapters.database.reminders import Reminders
from greenroom.adapters.database.request_rates import RequestRates
from greenroom.adapters.database.sealed import install
from greenroom.adapters.database.unscored import Unscored
from greenroom.adapters.database.users import Sessions, Users
from greenroom.adapters.database.webhooks import Webhooks
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import Conflict, Invalid, MisconfiguredSetting, Unavailable

if TYPE_CHECKING:
    from greenroom.adapters.database.migrate import Schema
    from greenroom.adapters.database.resealing import Resealing
    from greenroom.adapters.vault import Vault

BUSY_S = 30
"""Seconds that a writer waits for another one."""
CONNECT_S = 10
"""Seconds that PostgreSQL has to answer a new connection."""
POOL = {"pool_size": 20, "max_overflow": 0}
"""Connections, opened when needed and then kept: under load a server process was opening and closing them for every
request. A thread without one waits for up to 30 s."""
_READING = "greenroom_reading"


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
    def candidates(self) -> Candidates:
        return Candidates(self._connection, self.clock)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self._connection, self.clock)

    @cached_property
    def process_log(self) -> ProcessLog:
        return ProcessLog(self._connection, self.clock)

    @cached_property
    def figures(self) -> Figures:
        return Figures(self._connection, self.clock)

    @cached_property
    def decisions(self) -> Decisions:
        return Decisions(self._connection, self.clock)

    @cached_property
    def resealing(self) -> Resealing:
        from greenroom.adapters.database.resealing import Resealing

        return Resealing(self._connection, self.clock)

    @cached_property
    def module_runs(self) -> ModuleRuns:
        return ModuleRuns(self._connection, self.clock)

    @cached_property
    def overrides(self) -> Overrides:
        return Overrides(self._connection, self.clock)

    @cached_property
    def unscored(self) -> Unscored:
        return Unscored(self._connection, self.clock)

    @cached_property
    def presence(self) -> Presence:
        return Presence(self._connection, self.clock)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self._connection, self.clock)

    @cached_property
    def partner_orders(self) -> PartnerOrders:
        return PartnerOrders(self._connection, self.clock)

    @cached_property
    def mails(self) -> Mails:
        return Mails(self._connection, self.clock)

    @cached_property
    def reminders(self) -> Reminders:
        return Reminders(self._connection, self.clock)

    @cached_property
    def idempotency(self) -> Idempotency:
        return Idempotency(self._connection, self.clock)

    @cached_property
    def identity(self) -> IdentityPictures:
        return IdentityPictures(self._connection, self.clock)

    @cached_property
    def evaluations(self) -> Evaluations:
        return Evaluations(self._connection, self.clock)

    @cached_property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self._connection, self.clock)

    @cached_property
    def users(self) -> Users:
        return Users(self._connection, self.clock)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self._connection, self.clock)

    @cached_property
    def interviewers(self) -> Interviewers:
        return Interviewers(self._connection, self.clock)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self._connection, self.clock)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self._connection, self.clock)

    @cached_property
    def disposals(self) -> Disposals:
        return Disposals(self._connection, self.clock)

    @cached_property
    def legal_holds(self) -> LegalHolds:
        return LegalHolds(self._connection, self.clock)

    @cached_property
    def request_rates(self) -> RequestRates:
        return RequestRates(self._connection, self.clock)

    @cached_property
    def backlog(self) -> Backlog:
        return Backlog(self._connection, self.clock)


class Database:
    """`url` is ``sqlite:////path`` or ``postgresql+psycopg://…``. Safe for threads and across a fork.

    `vault` seals what is known of people on its way in; without one it rests as it is.

    Raises `MisconfiguredSetting` when the URL is not one.
    """

    def __init__(self, url: str, *, clock: Clock = now_utc, vault: Vault | None = None) -> None:
        self._clock = clock
        self._url = url
        self.vault = vault
        self._engine = _engine(url, vault)
        self._process = os.getpid()

    @property
    def engine(self) -> sa.Engine:
        """This process's connections. After a fork the parent's are left alone, not even closed."""
        if self._process != os.getpid():
            self._parents = self._engine
            self._engine = _engine(self._url, self.vault)
            self._process = os.getpid()
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Commits at the end, rolls back on an error.

        Raises `Unavailable` (`database_unavailable`) when the database does not answer or is busy, `Conflict`
        (`database_conflict`) when it refuses what contradicts its constraints, `Invalid`
        (`database_refused_value`) when it cannot hold a value.
        """
        with mapped(), self.engine.begin() as connection:
            transaction = Transaction(connection, self._clock)
            yield transaction
            transaction.audit.write()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads, and that no writer waits for. Raises `Unavailable`."""
        with mapped(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_READING: True})
            with connection.begin():
                yield Transaction(connection, self._clock)

    def migrate(self) -> None:
        """Bring the schema to the newest version. Several processes may call it at the same time."""
        from greenroom.adapters.database.migrate import upgrade

        with mapped(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7263548)"))
            upgrade(connection)

    def schema(self) -> Schema:
        """The schema that is there, and the one that this release wants. Raises `Unavailable`."""
        from greenroom.adapters.database.migrate import schema

        with mapped(), self.engine.connect() as connection:
            return schema(connection)

    def now(self) -> datetime:
        """The database server's own clock. Raises `Unavailable`."""
        with mapped(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return datetime.now(UTC)  # it has none but this machine's
            told: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
            return told.astimezone(UTC)

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
        raise Conflict(f"database: {_said(error)}", code="database_conflict") from error
    except DataError as error:
        # The value's fault, so that a message that carries it is not tried for ever.
        raise Invalid(f"database: {_said(error)}", code="database_refused_value") from error
    except SQLAlchemyError as error:
        raise Unavailable(f"database: {_said(error)}", code="database_unavailable") from error


def _said(error: SQLAlchemyError) -> str:
    """The database's own words, but no row's values and no address: the text may reach a candidate."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.Error):
        return str(cause)
    return getattr(getattr(cause, "diag", None), "message_primary", None) or type(error).__name__


def _engine(url: str, vault: Vault | None) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = _sqlite(parsed) if sqlite else _postgresql(parsed)
        if vault is not None:
            install(engine, vault)
        return engine
    except (ArgumentError, ImportError) as error:
        raise MisconfiguredSetting(f"the database's URL is of no use: {error}") from error


def _postgresql(url: sa.URL) -> sa.Engine:
    settings: dict[str, Any] = {"connect_timeout": CONNECT_S}
    if "options" not in url.query:
        settings["options"] = f"-c lock_timeout={BUSY_S}s"
    return sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        connect_args=settings,
        pool_pre_ping=True,
        **POOL,
    )


def _sqlite(url: sa.URL) -> sa.Engine:
    settings = {"timeout": BUSY_S, "check_same_thread": False}
    engine = sa.create_engine(url, connect_args=settings, **POOL)

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN would start as a reader, and two readers that want to write deadlock.
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(cursor)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch the file to its write-ahead log; SQLite asks no busy handler here, so we wait ourselves."""
    retrying = Retrying(
        retry=retry_if_exception_type(sqlite3.OperationalError),
        wait=wait_random(0.01, 0.1),
        stop=stop_after_delay(BUSY_S),
        reraise=True,
    )
    retrying(cursor.execute, "PRAGMA journal_mode=WAL")
