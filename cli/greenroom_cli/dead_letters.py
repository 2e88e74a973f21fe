"""`greenroom dead-letters`: see the messages that nobody could finish, and send them on their way again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from greenroom.domain.errors import GreenroomError
from greenroom.host.wiring import read_wiring
from greenroom_local.queue import Queue

Row = tuple[str, str, int, str, str]
"""Queue, id, tries, last error, body."""


def dead_letters(
    data: Annotated[Path, typer.Option(help="The platform's data folder.")] = Path(".data/run"),
    broker: Annotated[
        bool, typer.Option("--broker", help="Those of RabbitMQ, by GREENROOM_BROKER__URL.")
    ] = False,
    redrive: Annotated[bool, typer.Option(help="Put them back into their queues.")] = False,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
) -> None:
    """List dead letters; with --redrive put them back into their queues."""
    console = Console()
    folder = data / "store"
    if not broker and not folder.is_dir():
        console.print(f"[red]No platform has run in {data}[/]")
        raise typer.Exit(1)
    try:
        letters: _Pocket | _Broker = _Broker() if broker else _Pocket(folder)
        names = [queue] if queue else letters.queues()
        rows = [row for name in names for row in letters.rows(name)]
        if not rows:
            console.print("No dead letters.")
            return
        _show(console, rows)
        if redrive:
            sent = sum(letters.redrive(name) for name in names)
            console.print(f"{sent} put back into their queues.")
    except GreenroomError as error:
        console.print(f"[red]{error.code}:[/] {error.detail}", highlight=False)
        raise typer.Exit(1) from error


def _show(console: Console, rows: list[Row]) -> None:
    table = Table()
    for column in ("queue", "id", "tries", "last error", "body"):
        table.add_column(column)
    for name, letter, tries, reason, body in rows:
        table.add_row(name, letter, str(tries), reason, body[:120])
    console.print(table)


class _Pocket:
    """The pocket platform's queues."""

    def __init__(self, folder: Path) -> None:
        self._queue = Queue(folder)

    def queues(self) -> list[str]:
        return list(self._queue.queues())

    def rows(self, name: str) -> Iterator[Row]:
        for letter in self._queue.dead_letters(name):
            yield name, letter.id, letter.receive_count, letter.last_error, letter.body

    def redrive(self, name: str) -> int:
        return self._queue.redrive(name)


class _Broker:
    """RabbitMQ's. Raises `MisconfiguredSetting`, `Unavailable`, `NotFound` (`no_such_queue`)."""

    def __init__(self) -> None:
        from greenroom.host.amqp_worker import Settings

        self._url = Settings.load().broker.url.get_secret_value()

    def queues(self) -> list[str]:
        return [wired.name for wired in read_wiring().values() if wired.triggers]

    def rows(self, name: str) -> Iterator[Row]:
        from greenroom.adapters.broker import dead_letters
        from greenroom.host.topology import dead_queue

        for letter in dead_letters(self._url, dead_queue(name)):
            yield name, letter.id, letter.tries, letter.reason, letter.body

    def redrive(self, name: str) -> int:
        from greenroom.adapters.broker import redrive
        from greenroom.host.topology import EVENTS, dead_queue

        return redrive(self._url, dead_queue(name), EVENTS, name)
