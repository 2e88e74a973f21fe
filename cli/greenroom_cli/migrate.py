"""`greenroom migrate`: bring a deployment's database to the newest schema."""

from __future__ import annotations

import typer

from greenroom.domain.errors import GreenroomError
from greenroom.runtime.settings import DatabaseSettings, FunctionSettings


class Settings(FunctionSettings):
    database: DatabaseSettings


def migrate() -> None:
    """Bring the database of GREENROOM_DATABASE__URL to the newest schema; again does no harm."""
    try:
        database = Settings.load().database.opened()
        database.migrate()
    except GreenroomError as error:
        typer.echo(f"{error.code}: {error.detail}", err=True)
        raise typer.Exit(1) from error
    database.close()
    typer.echo("the schema is current")
