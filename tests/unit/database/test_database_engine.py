"""Connections: threads, forks, processes that start together, packages in a zip, imports that stay light."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
import sys
from datetime import timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

import greenroom
from greenroom.adapters.database import Database, NewInterview
from greenroom.domain.batch import BatchHead, CandidateRow
from greenroom.domain.events import EventType
from greenroom.domain.ids import new_id
from tests.unit.database.conftest import PLAN, Invite, Turnable

STEPS = 20


def append_steps(database: Database, interview: str) -> None:
    for _ in range(STEPS):
        with database.begin() as tx:
            tx.process_log.append(interview, EventType.ANSWER_STARTED)


@pytest.mark.timeout(60)  # two processes on one connection hang
def test_a_fork_opens_connections_of_its_own(database: Database, invite: Invite) -> None:
    [interview] = invite()  # the parent's pool now holds a connection
    child = multiprocessing.get_context("fork").Process(
        target=append_steps, args=(database, interview)
    )
    child.start()
    append_steps(database, interview)
    child.join(60)
    assert child.exitcode == 0
    with database.begin() as tx:
        steps = tx.process_log.list(interview)
    assert [step.seq for step in steps] == list(range(1, 2 * STEPS + 1))


def test_processes_that_start_together_migrate_once(bare_url: str) -> None:
    code = f"from greenroom.adapters.database import Database; Database({bare_url!r}).migrate()"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    with Database(bare_url).engine.connect() as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).all()
    assert len(found) == 1


def test_migrations_run_from_a_zip(tmp_path: Path) -> None:
    package = Path(greenroom.__file__).parent
    archive = shutil.make_archive(str(tmp_path / "core"), "zip", package.parent, package.name)
    code = f"""
import sys
sys.path.insert(0, {archive!r})
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
from greenroom.adapters import database
assert database.__file__.startswith({archive!r}), database.__file__
one = database.Database("sqlite:///{tmp_path}/zip.sqlite")
one.migrate()
with one.begin() as tx:
    assert tx.interviews.find() == []
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_the_adapters_imports_no_sqlalchemy() -> None:
    code = "import sys, greenroom.adapters; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_times_keep_their_instant_whatever_their_zone(database: Database, clock: Turnable) -> None:
    clock.now = clock.now.astimezone(timezone(timedelta(hours=8)))
    head = BatchHead(template="t", competency_model="m", deadline=clock.now + timedelta(hours=1))
    batch, interview = new_id("bat"), new_id("itv")
    candidate = CandidateRow(external_id="e", name="n", email="a@example.com")
    with database.begin() as tx:
        tx.batches.create(batch, head=head, plan=PLAN, accepted=1, errors=[])
        tx.interviews.create_many(
            batch, [NewInterview(interview, candidate, head.deadline, "zh-CN")]
        )
    with database.begin() as tx:
        row = tx.interviews.get(interview)
    assert row.deadline == head.deadline
    assert row.created_at == clock.now
    assert row.deadline.utcoffset() == timedelta(0)


def test_sqlite_is_set_for_safety(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.sqlite")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with database.engine.connect() as connection:
        found = {name: connection.scalar(sa.text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


@pytest.mark.parametrize(
    "kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_postgresql_reads_what_is_committed_and_waits_no_longer_than_a_lease(
    database: Database,
) -> None:
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW transaction_isolation")) == "read committed"
        assert connection.scalar(sa.text("SHOW lock_timeout")) == "30s"
