"""`greenroom keys`: make the first API key, see all of them, rotate and revoke, on the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from greenroom.domain.api_key import SCOPES, NewApiKey, Rotation
from greenroom.domain.errors import GreenroomError
from greenroom.domain.model import canonical_json
from greenroom_cli.database import operator
from greenroom_local.platform import PocketPlatform

if TYPE_CHECKING:
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.api_keys import MadeKey

keys = typer.Typer(no_args_is_help=True, help="API keys: create, list, rotate, revoke.")
Data = Annotated[
    Path | None, typer.Option(help="A pocket platform's folder; else GREENROOM_… settings.")
]


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, e.g. EHR.")],
    scope: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(SCOPES)}.")],
    signed: Annotated[bool, typer.Option(help="What it changes must be signed.")] = False,
    data: Data = None,
) -> None:
    """Make a key and print it, this once."""
    from greenroom.runtime.api_keys import make_key

    wish = {"name": name, "scopes": scope, "signed": signed}
    with _database(data) as (tx, token_key):
        made = make_key(tx, NewApiKey.parse(canonical_json(wish)))
        scopes = [str(scope) for scope in made.row.scopes]
        tx.audit.append(operator(), "api_key.created", "api_key", made.row.id, scopes=scopes)
        _print(made, token_key)


@keys.command("list")
def list_(data: Data = None) -> None:
    """All keys and what became of them."""
    table = Table("id", "name", "scopes", "state", "expires", "replaced by")
    with _database(data) as (tx, _):
        for key in tx.api_keys.list():
            state = f"{key.state(tx.clock())}{', signed' if key.signed else ''}"
            expires = f"{key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "–"
            table.add_row(
                key.id, key.name, " ".join(key.scopes), state, expires, key.replaced_by or "–"
            )
    Console().print(table)


@keys.command()
def rotate(
    key: Annotated[str, typer.Argument(help="The key's id.")],
    overlap_hours: Annotated[float, typer.Option(help="How long the old one stays good.")] = 24,
    data: Data = None,
) -> None:
    """Make a key like this one and print it; the old one ends after the overlap."""
    from greenroom.runtime.api_keys import rotate_key

    with _database(data) as (tx, token_key):
        wish = Rotation.parse(canonical_json({"overlap_hours": overlap_hours}))
        made = rotate_key(tx, key, wish)
        tx.audit.append(operator(), "api_key.rotated", "api_key", key)
        _print(made, token_key)


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's id.")], data: Data = None) -> None:
    """End a key at once."""
    with _database(data) as (tx, _):
        tx.api_keys.find(key)
        tx.api_keys.revoke(key)
        tx.audit.append(operator(), "api_key.revoked", "api_key", key)
    Console().print(f"{key} opens nothing any more.")


def _print(made: MadeKey, token_key: str) -> None:
    from greenroom.runtime.tokens import signing_secret

    console = Console()
    console.print(f"[bold]{made.row.name}[/] {made.row.id}: {' '.join(made.row.scopes)}")
    console.print(made.plain, soft_wrap=True, highlight=False)
    if made.row.signed:
        secret = signing_secret(token_key, made.row.id)
        console.print(f"sign with {secret}", soft_wrap=True, highlight=False)
    console.print("Keep it now: it is shown this once.")


@contextmanager
def _database(data: Path | None) -> Iterator[tuple[Transaction, str]]:
    """One transaction, and the key that signing secrets follow from; what goes wrong is said in a line."""
    from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, TokenSettings
    from greenroom_local.secrets_file import Secrets

    class Settings(FunctionSettings):
        database: DatabaseSettings
        tokens: TokenSettings

    try:
        if data is not None:
            kept = data / "secrets.json"
            if not kept.exists():
                raise FileNotFoundError(f"no platform has run in {data}")
            database, token_key = PocketPlatform(data).database(), Secrets.keep(kept).token_key
        else:
            settings = Settings.load()
            database = settings.database.opened()
            token_key = settings.tokens.key.get_secret_value()
        with database.begin() as tx:
            yield tx, token_key
        database.close()
    except (GreenroomError, FileNotFoundError) as error:
        said = getattr(error, "detail", error)
        Console(stderr=True).print(f"[red]{said}[/]", highlight=False)
        raise typer.Exit(1) from error
