"""`greenroom dead-letters`: see the messages that nobody could finish, and send them on their way again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from greenroom_local.queue import Queue


def dead_letters(
    data: Annotated[Path, typer.Option(help="The platform's data folder.")] = Path(".data/run"),
    redrive: Annotated[bool, typer.Option(help="Put them back into their queues.")] = False,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
) -> None:
    """List dead letters; with --redrive put them back into their queues."""
    console = Console()
    folder = data / "store"
    if not folder.is_dir():
        console.print(f"[red]No platform has run in {data}[/]")
        raise typer.Exit(1)
    queues = Queue(folder)
    names = [queue] if queue else queues.queues()
    table = Table()
    for column in ("queue", "id", "tries", "last error", "body"):
        table.add_column(column)
    count = 0
    for name in names:
        for letter in queues.dead_letters(name):
            count += 1
            tries = str(letter.receive_count)
            table.add_row(name, letter.id, tries, letter.last_error, letter.body[:120])
    if not count:
        console.print("No dead letters.")
        return
    console.print(table)
    if redrive:
        sent = sum(queues.redrive(name) for name in names)
        console.print(f"{sent} put back into their queues.")
