"""Alembic, configured in code, so that migrations run from an installed package without a file to find."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def configuration(connection: sa.Connection) -> Config:
    """Alembic's configuration for one open connection."""
    config = Config()
    config.set_main_option("script_location", "greenroom.adapters.database:migrations")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate inside the connection's transaction: a migration happens whole or not at all."""
    command.upgrade(configuration(connection), revision)
