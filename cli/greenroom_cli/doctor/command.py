"""The command itself: every check in turn, a line each, and what to mend at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from greenroom.runtime.texts import choose_locale
from greenroom_cli.doctor.clocks import check_clocks
from greenroom_cli.doctor.database import check_database
from greenroom_cli.doctor.deployment import Deployment, read_settings
from greenroom_cli.doctor.finding import Finding
from greenroom_cli.doctor.mail import check_mail
from greenroom_cli.doctor.pages import check_pages
from greenroom_cli.doctor.queues import check_queues
from greenroom_cli.doctor.receivers import check_receivers
from greenroom_cli.doctor.store import HEARD_S, check_store
from greenroom_cli.doctor.words import Words
from greenroom_cli.terminal import system_locale

Check = Callable[[Deployment], Iterator[Finding]]
CHECKS: dict[str, Check] = {
    "database": check_database,
    "queues": check_queues,
    "clocks": check_clocks,
    "mail": check_mail,
    "pages": check_pages,
    "webhooks": check_receivers,
}
MARKS = {
    "good": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "fault": "[red]✗[/]",
    "skipped": "[dim]–[/]",
}


def doctor(
    data: Annotated[
        Path | None, typer.Option(help="A pocket platform that runs; else GREENROOM_… settings.")
    ] = None,
    wait: Annotated[
        float, typer.Option(help="Seconds within which an announced object must be acted on.")
    ] = HEARD_S,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    strict: Annotated[bool, typer.Option(help="Status 1 for warnings too.")] = False,
    lang: Annotated[str | None, typer.Option(help="zh-CN or en; the locale's by default.")] = None,
) -> None:
    """Look at a deployment from outside and say what to mend. Status 1 when something does not work."""
    if data is not None:
        os.environ.update(_of_platform(data))
    console = Console(stderr=json_)
    words = Words(choose_locale(lang, system_locale(), default="en"))
    deployment, findings = read_settings(data)
    for finding in findings:
        _say(console, words, finding)
    checks: dict[str, Check] = {**CHECKS, "store": partial(check_store, heard_s=wait)}
    for name, check in checks.items():
        with console.status(f"{name} …"):
            for finding in check(deployment):
                findings.append(finding)
                _say(console, words, finding)
    if json_:
        told = [
            {**asdict(item), "said": words.said(item), "mend": words.mend(item)}
            for item in findings
        ]
        typer.echo(json.dumps({"findings": told}, ensure_ascii=False))
    stopping = {"fault", "warning"} if strict else {"fault"}
    if any(finding.level in stopping for finding in findings):
        raise typer.Exit(1)


def _say(console: Console, words: Words, finding: Finding) -> None:
    said = escape(words.said(finding))
    console.print(f"{MARKS[finding.level]} {finding.code:<18} {said}", highlight=False)
    mend = words.mend(finding)
    if mend:
        console.print(f"  [bold]→ {escape(mend)}[/]", highlight=False)


def _of_platform(data: Path) -> dict[str, str]:
    """The settings that a pocket platform in `data` gives its functions."""
    from greenroom_local.platform import running_settings

    try:
        return running_settings(data)
    except FileNotFoundError as error:
        raise typer.BadParameter(f"no platform runs in {data}") from error
