"""Alembic, configured in code, so that migrations run from an installed package without a file to find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


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
