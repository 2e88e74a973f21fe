"""`greenroom reseal`: what is known of people sealed again under the newest key, so that a former one may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from greenroom_cli.database import Data, opened, operator

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.adapters.database.resealing import SealedColumn

BLOCK = 500
"""Texts to a transaction: a kill loses no more, and nobody waits for longer."""


def reseal(data: Data = None) -> None:
    """Seal what is known of people again under the first of GREENROOM_DATABASE__KEYS.

    May be killed and started again, while everything runs. Ends with the keys that are used no more.
    """
    from greenroom.adapters.database.resealing import sealed_columns

    with opened(data) as database:
        if database.vault is None:
            typer.echo(
                "GREENROOM_DATABASE__KEYS is not set: there is nothing to seal with", err=True
            )
            raise typer.Exit(1)
        newest = database.vault.newest
        with database.begin() as tx:
            before = tx.resealing.counts()
        waiting = sum(count for head, count in before.items() if head != newest)
        bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*bar, transient=True) as progress:
            task = progress.add_task("sealing", total=waiting)
            for column in sealed_columns():
                while done := _block(database, column, newest):
                    progress.advance(task, done)
        with database.begin() as tx:
            after = tx.resealing.counts()
            tx.audit.append(operator(), "database.resealed", "database", newest[2:], count=waiting)
    left = {head: count for head, count in after.items() if head != newest}
    typer.echo(f"{waiting} texts sealed under key {newest[2:]}")
    for head, count in left.items():
        typer.echo(f"{count} texts came meanwhile {said(head)}: run it again")
    for head in before.keys() - left.keys() - {newest, ""}:
        typer.echo(f"key {head[2:]} is used no more")


def _block(database: Database, column: SealedColumn, newest: str) -> int:
    with database.begin() as tx:
        return tx.resealing.reseal(column, newest, BLOCK)


def said(head: str) -> str:
    """A text's beginning for people."""
    return f"under key {head[2:]}" if head else "without a seal"
