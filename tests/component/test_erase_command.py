"""`greenroom erase`: whoever runs the machine erases, looks for what is left, checks and replays certificates."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from functions.status_sync.app import app as status_sync
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom_cli.main import app
from tests.erasable import ERASED, KEPT, tables_naming, two_candidates
from tests.seeded import set_up

EXTERNAL_ID = f"c-{ERASED}"


def command(*words: str) -> Result:
    return CliRunner().invoke(app, ["erase", *words], env={"COLUMNS": "200"})


@pytest.fixture
def interviews(platform: None, database: Database, store: ObjectStore) -> tuple[str, str]:
    set_up(status_sync)
    return two_candidates(database, store)


@pytest.fixture
def certificate(interviews: tuple[str, str], database: Database, tmp_path: Path) -> Path:
    """Erased, and the certificate kept in a file."""
    assert command("candidate", EXTERNAL_ID, "--wait-s", "0").exit_code == 1, "nobody is told yet"
    with database.begin() as tx:
        steps = tx.process_log.list(interviews[0])
        tx.process_log.mark_published([(interviews[0], step.seq) for step in steps])
    done = command("candidate", EXTERNAL_ID)
    assert done.exit_code == 0, done.output
    path = tmp_path / "certificate.json"
    path.write_text(done.stdout)
    return path


def test_erased_verified_and_checked(certificate: Path) -> None:
    person = ("--name", ERASED, "--email", "c0@example.com")
    assert "nothing is left" in command("verify", EXTERNAL_ID, *person).output
    key = command("key").stdout.strip()
    checked = command("check", str(certificate), "--key", key, "--candidate", EXTERNAL_ID)
    assert (checked.exit_code, "1 interviews" in checked.output) == (0, True)
    assert command("check", str(certificate), "--candidate", f"c-{KEPT}").exit_code == 1
    assert command("check", str(certificate), "--key", "A" * 43 + "=").exit_code == 1
    document = json.loads(certificate.read_text())
    document["certificate"]["interviews"] = []
    certificate.write_text(json.dumps(document))
    assert "certificate_altered" in command("check", str(certificate)).output


def test_what_is_left_is_found(
    certificate: Path, interviews: tuple[str, str], database: Database, store: ObjectStore
) -> None:
    store.put(f"recordings/{interviews[0]}/coordination/1/camera.webm", b"again")
    with database.begin() as tx:
        tx.idempotency.begin("actions", "k", "0" * 64)
        tx.idempotency.finish("actions", "k", 200, json.dumps({"name": ERASED}))
    found = command("verify", EXTERNAL_ID, "--name", ERASED)
    assert found.exit_code == 1
    assert found.output.splitlines() == ["idempotency.body: 1", "recordings/: 1"]
    assert "no erasure of this candidate" in command("verify", f"c-{KEPT}").output


def test_after_a_restore_the_certificates_are_replayed(
    interviews: tuple[str, str],
    database: Database,
    store: ObjectStore,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    erased, kept = interviews
    with sqlite3.connect(tmp_path / "backup") as backup:
        sqlite3.connect(tmp_path / "greenroom.sqlite").backup(backup)
    objects = {item.key: store.get(item.key) for item in store.listing("")}
    certificate: Path = request.getfixturevalue("certificate")
    assert "0 candidates erased again, 0 objects" in command("replay", str(certificate)).output
    for key, body in objects.items():
        store.put(key, body)
    database.close()
    with sqlite3.connect(tmp_path / "greenroom.sqlite") as restored:
        sqlite3.connect(tmp_path / "backup").backup(restored)
    assert EXTERNAL_ID in tables_text(database)
    waits = command("replay", str(certificate), "--wait-s", "0")
    assert waits.exit_code == 1
    with database.begin() as tx:
        steps = tx.process_log.list(erased)
        tx.process_log.mark_published([(erased, step.seq) for step in steps])
    assert command("replay", str(certificate)).exit_code == 0
    assert tables_naming(database, ERASED, EXTERNAL_ID) == set()
    for folder in keys.folders(erased):
        assert list(store.held(folder)) == []
    assert tables_naming(database, kept) >= {"interviews", "answers", "evaluations"}


def tables_text(database: Database) -> str:
    with database.begin() as tx:
        return " ".join(one.external_id for one in tx.candidates.find(limit=10))


def test_somebody_unknown_is_not_erased(interviews: tuple[str, str]) -> None:
    refused = command("candidate", "nobody")
    assert (refused.exit_code, "no candidate" in refused.output) == (1, True)
