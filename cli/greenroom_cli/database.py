"""The database that a command works on: of a pocket platform's folder, or as the functions' settings name it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.domain.audit import Actor

Data = Annotated[
    Path | None, typer.Option(help="A pocket platform's folder; else GREENROOM_DATABASE__URL.")
]


@contextmanager
def opened(data: Path | None) -> Iterator[Database]:
    """The database; an error of ours ends the command with its words and status 1."""
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.settings import DatabaseSettings, FunctionSettings
    from greenroom_local.platform import PocketPlatform

    class Settings(FunctionSettings):
        database: DatabaseSettings

    try:
        if data is not None:
            if not (data / "greenroom.sqlite").exists():
                raise typer.BadParameter(f"no platform has run in {data}")
            database = PocketPlatform(data).database()
        else:
            database = Settings.load().database.opened()
        yield database
        database.close()
    except GreenroomError as error:
        Console(stderr=True).print(f"[red]{error.detail}[/] ({error.code})", highlight=False)
        raise typer.Exit(1) from error


def operator() -> Actor:
    """Who runs the command, as the audit log names them."""
    from greenroom.domain.audit import Actor

    return Actor("command", getpass.getuser()[:100])
