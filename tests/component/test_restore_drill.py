"""The restore drill: a backup taken while the platform runs, restored elsewhere, equal row by row and byte by byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.adapters.database import Database
from greenroom.adapters.database.tables import metadata
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.ids import new_id
from tests.erasable import two_candidates
from tests.pocket import Pocket, pocket_store

pytestmark = pytest.mark.skipif(
    shutil.which("rclone") is None, reason="rclone is not installed (Debian: rclone)"
)
POSTGRES = os.environ.get("GREENROOM_TEST_DATABASE_URL", "")


class Made:
    """Empty databases of one kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind, self._folder, self._made = kind, folder, list[str]()

    def url(self) -> str:
        name = new_id("drl")
        if self._kind == "sqlite":
            return f"sqlite:///{self._folder}/{name}.sqlite"
        self._server(f'CREATE DATABASE "{name}"')
        self._made.append(name)
        return sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)

    def drop(self) -> None:
        for name in self._made:
            self._server(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _server(self, statement: str) -> None:
        engine = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    if request.param == "postgresql" and not (POSTGRES and shutil.which("pg_dump")):
        pytest.skip("GREENROOM_TEST_DATABASE_URL names no PostgreSQL, or pg_dump is not installed")
    made = Made(request.param, tmp_path)
    yield made
    made.drop()


def run(script: str, folder: Path, pocket: Pocket, url: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | pocket.environment | {"GREENROOM_DATABASE__URL": url}
    return subprocess.run(
        [f"infra/backup/{script}.sh", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rows(url: str) -> dict[str, list[str]]:
    """Every row of every table, in an order that does not depend on the file."""
    engine = Database(url).engine
    with engine.connect() as connection:
        found = {
            table.name: sorted(str(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


def digests(store: ObjectStore) -> dict[str, str]:
    return {item.key: hashlib.sha256(store.get(item.key)).hexdigest() for item in store.listing("")}


def test_a_restored_copy_is_equal(
    databases: Made, pocket: Pocket, store: ObjectStore, tmp_path: Path
) -> None:
    url, other = databases.url(), databases.url()
    database = Database(url)
    database.migrate()
    two_candidates(database, store)
    store.put("recordings/a b+ü%/camera.webm", bytes(range(256)) * 40_000)
    store.put("recordings/erased.webm", b"of a candidate who is erased before the second night")
    for _night in range(2):
        kept = run("backup", tmp_path / "backup", pocket, url)
        assert kept.returncode == 0, kept.stderr
        store.delete("recordings/erased.webm")
    database.close()
    with pocket_store(tmp_path / "elsewhere") as fresh:
        restored = run("restore", tmp_path / "backup", fresh, other)
        assert restored.returncode == 0, restored.stderr
        assert digests(fresh.store) == digests(store)
    assert rows(other) == rows(url)
    assert sum(map(len, rows(url).values())) > 20


def test_a_spoiled_copy_is_not_taken_for_a_restored_one(
    databases: Made, pocket: Pocket, store: ObjectStore, tmp_path: Path
) -> None:
    url = databases.url()
    database = Database(url)
    database.migrate()
    store.put("recordings/camera.webm", b"as it was recorded")
    assert run("backup", tmp_path / "backup", pocket, url).returncode == 0
    (tmp_path / "backup/objects/recordings/camera.webm").write_bytes(b"as it was spoiled!")
    with pocket_store(tmp_path / "elsewhere") as fresh:
        restored = run("restore", tmp_path / "backup", fresh, databases.url())
        assert (restored.returncode, "camera.webm: files differ" in restored.stderr) == (1, True), (
            restored.stderr
        )
        again = run("restore", tmp_path / "backup", fresh, url)
    assert again.returncode == 1, "a database that is in use was written over"
