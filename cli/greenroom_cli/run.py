"""`greenroom run`: the pocket platform with a demo company, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from greenroom.runtime.passwords import is_password
from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.seed.company import bring_catalogue, invite_demo_candidates, personal_links
from greenroom_local.platform import ADMIN, PocketPlatform, Ports


def run(
    data: Annotated[Path, typer.Option(help="Folder that everything is kept in.")] = Path(
        ".data/run"
    ),
    port: Annotated[
        int, typer.Option(help="First of three ports for pages, store, mailbox; SMTP is 25 above.")
    ] = 8000,
    database: Annotated[
        str | None,
        typer.Option(
            help="Another database than a SQLite file: postgresql+psycopg://user:password@host/name"
        ),
    ] = None,
) -> None:
    """Start the whole platform on this machine and print where everything is."""
    console = Console()

    def told(words: str) -> None:
        console.print(f"[yellow]{words}[/] (see {data / 'logs'})", highlight=False)

    platform = PocketPlatform(data, ports=Ports.beginning_with(port), database=database, told=told)
    # Ctrl-C and SIGTERM interrupt whatever is going on, also a start that takes its time.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with console.status("Starting …"):
            platform.start()
        _seed(console, platform)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    except (RuntimeError, OSError, httpx.HTTPError) as error:
        console.print(f"[red]The platform does not run:[/] {error}", highlight=False)
        raise typer.Exit(1) from error
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it ends already
        with console.status("Stopping …"):
            platform.stop()
    console.print(f"Stopped. The data is in {platform.data}")


def _seed(console: Console, platform: PocketPlatform) -> None:
    """Bring the demo company and say where everything is."""
    links: dict[str, str] = {}
    with console.status("Inviting the demo candidates …"):
        hr = HrSystem(platform.url, platform.api_key)
        bring_catalogue(hr)
        invite_demo_candidates(hr, platform.mailbox_url, datetime.now(UTC))
        try:
            links = personal_links(platform.mailbox_url)
        except TimeoutError as error:
            console.print(f"[yellow]{error}[/]; the mailbox will show it", highlight=False)
    _print(console, platform, links)


def _print(console: Console, platform: PocketPlatform, links: dict[str, str]) -> None:
    rows = [
        *((f"Candidate {name}", link) for name, link in links.items()),
        ("Console 控制台", f"{platform.url}/console"),
        ("Sign in as", _admin(platform)),
        ("API key", platform.api_key),
        ("Mailbox 邮箱", platform.mailbox_url),
        ("Object store", platform.store_url),
        ("Data and logs", str(platform.data)),
    ]
    console.print("\n[bold]Greenroom runs on this machine.[/] Ctrl-C stops it.\n")
    for name, value in rows:
        # Whole on one line, so that it can be copied or clicked.
        console.print(f"[bold]{name}[/]\n  {value}", soft_wrap=True, highlight=False)
    demo = f"--server {platform.url} --api-key {platform.api_key} --mailbox {platform.mailbox_url}"
    console.print(f"\nA whole interview on it:\n  make demo ARGS='{demo}'", soft_wrap=True)


def _admin(platform: PocketPlatform) -> str:
    """User name and password of the first account, for as long as nobody has changed it."""
    with platform.database().begin() as tx:
        kept = tx.users.by_login(ADMIN).password_hash
    if is_password(platform.admin_password, kept):
        return f"{ADMIN}  {platform.admin_password}"
    return (
        f"{ADMIN}  (its password was changed; greenroom users reset {ADMIN} --data {platform.data})"
    )
