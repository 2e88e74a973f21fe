"""Each repository test runs on SQLite, and on PostgreSQL where GREENROOM_TEST_DATABASE_URL names one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.adapters.database import Database, NewInterview
from greenroom.adapters.database.access_tables import audit_head
from greenroom.adapters.database.tables import metadata
from greenroom.domain.batch import BatchHead, CandidateRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.ids import new_id
from greenroom.domain.plan import Plan
from greenroom.domain.template import Template

POSTGRES = os.environ.get("GREENROOM_TEST_DATABASE_URL", "")


@dataclass
class Turnable:
    """A clock that tests turn."""

    now: datetime = field(default_factory=lambda: datetime(2026, 6, 1, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Turnable:
    return Turnable()


@contextmanager
def postgres_database() -> Iterator[str]:
    """A database of the server that `POSTGRES` names, gone afterwards; its URL."""
    name = new_id("tst")
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.dispose()


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """One migrated database for all tests, which each leaves empty: making one takes longer than most tests."""
    with postgres_database() as url:
        database = Database(url)
        database.migrate()
        database.close()
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql" and not POSTGRES:
        pytest.skip("GREENROOM_TEST_DATABASE_URL names no PostgreSQL")
    return str(request.param)


@pytest.fixture
def bare_url(kind: str, tmp_path: Path) -> Iterator[str]:
    """A database that nobody has migrated."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/bare.sqlite"
        return
    with postgres_database() as url:
        yield url


@pytest.fixture
def url(
    kind: str, tmp_path: Path, empty_database: bytes, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A migrated, empty database, whose tables stay as they are."""
    if kind == "sqlite":
        path = tmp_path / "greenroom.sqlite"
        path.write_bytes(empty_database)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("migrated_postgres")
    yield url
    _empty(url)


def _empty(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        # The only row that a migration puts in: the audit log's head.
        connection.execute(audit_head.insert().values(id=1, seq=0, sha256="0" * 64))
    engine.dispose()


@pytest.fixture
def database(url: str, clock: Turnable) -> Iterator[Database]:
    database = Database(url, clock=clock)
    yield database
    database.close()


PLAN = Plan.parse(
    """{
  "template": {"id": "t", "scenario": "screening", "name": {"en": "T"}, "questions": [
    {"id": "q1", "text": {"en": "?"}, "takes": 2},
    {"id": "q2", "text": {"en": "?"}, "tracks": ["camera", "screen"]}]},
  "model": {"id": "m", "job": {"en": "J"}, "competencies": [
    {"id": "c", "name": {"en": "C"}, "weight": 100, "indicators": [
      {"id": "i", "name": {"en": "I"}, "weight": 100}]}]}
}"""
)
TEMPLATE: Template = PLAN.template
MODEL: CompetencyModel = PLAN.model

Invite = Callable[..., list[str]]


@pytest.fixture
def invite(database: Database, clock: Turnable) -> Invite:
    """Creates a batch with some interviews; their ids."""

    def create(count: int = 1) -> list[str]:
        batch = new_id("bat")
        head = BatchHead(template="t", competency_model="m", deadline=clock.now + timedelta(days=9))
        wanted = [
            NewInterview(
                new_id("itv"),
                CandidateRow(external_id=new_id("cnd"), name="李明", email="a@example.com"),
                head.deadline,
                "zh-CN",
            )
            for _ in range(count)
        ]
        with database.begin() as tx:
            tx.batches.create(batch, head=head, plan=PLAN, accepted=count, errors=[])
            return tx.interviews.create_many(batch, wanted)

    return create
