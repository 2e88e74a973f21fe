"""Alembic, configured in code, so that migrations run from an installed package without a file to find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory


@dataclass(frozen=True)
class Schema:
    """Revisions: `current` is None where nothing was ever migrated; `known` is whether this release has it."""

    current: str | None
    wanted: str
    known: bool


@contextmanager
def configuration(connection: sa.Connection) -> Iterator[Config]:
    """Alembic's configuration for one open connection."""
    with _scripts() as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        yield config


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate inside the connection's transaction: a migration happens whole or not at all."""
    with configuration(connection) as config:
        command.upgrade(config, revision)


def schema(connection: sa.Connection) -> Schema:
    """Where the database stands."""
    current = MigrationContext.configure(connection).get_current_revision()
    with configuration(connection) as config:
        scripts = ScriptDirectory.from_config(config)
        known = {script.revision for script in scripts.walk_revisions()}
        return Schema(current, scripts.get_current_head() or "", current in known)


@contextmanager
def _scripts() -> Iterator[Path]:
    """The folder of migrations; a copy where the package runs from a zip, because Alembic lists folders."""
    packed = files("greenroom.adapters.database") / "migrations"
    if isinstance(packed, Path):
        yield packed
        return
    with TemporaryDirectory() as folder:
        _copy(packed, Path(folder))
        yield Path(folder)


def _copy(source: Traversable, target: Path) -> None:
    for item in source.iterdir():
        if item.is_dir():
            (target / item.name).mkdir()
            _copy(item, target / item.name)
        elif item.name.endswith(".py"):
            (target / item.name).write_bytes(item.read_bytes())
