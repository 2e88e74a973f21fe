"""`greenroom worker`: a function's queue worked off on any host, or the schedules told, over RabbitMQ."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from greenroom.domain.errors import GreenroomError
from greenroom.host.amqp_worker import lanes_of, schedules, serve
from greenroom.runtime import logs


def worker(
    function: Annotated[str | None, typer.Option(help="Whose queue to work off.")] = None,
    tick: Annotated[
        bool, typer.Option("--schedules", help="Tell the schedules of all functions instead.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Answer /-/health and /-/ready here; 0 takes a free one.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen for probes.")] = "127.0.0.1",
) -> None:
    """Work off a function's queue (or tell the schedules) until SIGTERM."""
    if (function is None) == (not tick):
        raise typer.BadParameter("give either --function or --schedules")
    logs.configure()
    try:
        wanted = schedules() if function is None else lanes_of(function)
    except GreenroomError as error:
        Console(stderr=True).print(f"[red]{error.code}:[/] {error.detail}", highlight=False)
        raise typer.Exit(1) from error
    raise typer.Exit(serve(wanted, port, host))
