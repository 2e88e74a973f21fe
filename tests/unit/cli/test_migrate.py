"""`greenroom migrate` makes the tables, may be run again, and says why it cannot."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from greenroom_cli.main import app


def test_tables_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.sqlite"
    monkeypatch.setenv("GREENROOM_DATABASE__URL", f"sqlite:///{file}")
    for _again in range(2):
        assert CliRunner().invoke(app, ["migrate"]).output == "the schema is current\n"
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM interviews").fetchone() == (0,)


def test_without_a_database_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREENROOM_DATABASE__URL", raising=False)
    unset = CliRunner().invoke(app, ["migrate"])
    assert (unset.exit_code, "GREENROOM_DATABASE__URL" in unset.output) == (1, True)
    monkeypatch.setenv("GREENROOM_DATABASE__URL", f"sqlite:///{tmp_path}/nowhere/x.sqlite")
    unreachable = CliRunner().invoke(app, ["migrate"])
    assert (unreachable.exit_code, "database_unavailable" in unreachable.output) == (1, True)
