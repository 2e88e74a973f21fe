"""`greenroom run`: the pocket platform with a demo company, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from greenroom_cli.seed.company import invite_demo_candidates
from greenroom_local.platform import FolderInUse, PocketPlatform, Ports


def run(
    data: Annotated[Path, typer.Option(help="Folder that everything is kept in.")] = Path(
        ".data/run"
    ),
    port: Annotated[
        int, typer.Option(help="First of three ports for pages, store, mailbox; SMTP is 25 above.")
    ] = 8000,
) -> None:
    """Start the whole platform on this machine and print where everything is."""
    console = Console()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    ports = Ports(http=port, store=port + 1, mailbox=port + 2, smtp=port + 25)
    try:
        with console.status("Starting …"):
            platform = PocketPlatform(data, ports=ports).start()
    except FolderInUse as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    except (RuntimeError, OSError) as error:
        console.print(f"[red]The platform did not start:[/] {error}")
        raise typer.Exit(1) from error
    try:
        with console.status("Inviting the demo candidates …"):
            links = invite_demo_candidates(platform.url, platform.api_key, platform.mailbox_url)
        _print(console, platform, links)
        stopping.wait()
    finally:
        with console.status("Stopping …"):
            platform.stop()
        console.print(f"Stopped. The data is in {platform.data}")


def _print(console: Console, platform: PocketPlatform, links: dict[str, str]) -> None:
    rows = [
        *((f"Candidate {name}", link) for name, link in links.items()),
        ("Console 控制台", f"{platform.url}/console"),
        ("API key (sign in with it)", platform.api_key),
        ("Mailbox 邮箱", platform.mailbox_url),
        ("Object store", platform.store_url),
        ("Data and logs", str(platform.data)),
    ]
    console.print("\n[bold]Greenroom runs on this machine.[/] Ctrl-C stops it.\n")
    for name, value in rows:
        # Whole on one line, so that it can be copied or clicked.
        console.print(f"[bold]{name}[/]\n  {value}", soft_wrap=True, highlight=False)
    console.print(f"\nTry it: make demo ARGS='--server {platform.url} --api-key … --mailbox …'")
