"""`greenroom audit`: whether the audit log is the one that was written."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from greenroom_cli.database import Data, opened

audit = typer.Typer(no_args_is_help=True, help="The audit log.")


@audit.callback()
def _group() -> None:
    """Without it, typer would take the only command for the whole."""


@audit.command("verify")
def verify(
    known: Annotated[
        str | None, typer.Option(help="A line that this command printed before: 42:9f86d08…")
    ] = None,
    data: Data = None,
) -> None:
    """Check the chain from the first entry to the last; print the last, to be kept elsewhere.

    Status 1 and the place when an entry was altered, removed or put in between.
    """
    from greenroom.domain.audit import Head

    head = None
    if known is not None:
        if re.fullmatch(r"\d{1,18}:[0-9a-f]{64}", known) is None:
            raise typer.BadParameter("a number, a colon, 64 hexadecimal digits")
        seq, _, sha256 = known.partition(":")
        head = Head(int(seq), sha256)
    with opened(data) as database, database.begin() as tx:
        last = tx.audit.verify(head)
    typer.echo(f"{last.seq}:{last.sha256}")
