"""`greenroom users`: the accounts of this machine, for the first admin and for whoever has locked the door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from greenroom.domain.access import Role
from greenroom_cli.database import Data, opened, operator

users = typer.Typer(no_args_is_help=True, help="Accounts of this machine, and who may enter.")
Login = Annotated[str, typer.Argument(help="The user name.")]


@users.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="As pages show it.")],
    email: Annotated[str, typer.Option(help="Interviews are assigned by it.")],
    role: Annotated[Role, typer.Option(help="What they may do.")],
    data: Data = None,
) -> None:
    """Add an account and print its password, once."""
    from greenroom.runtime.local_accounts import new_account

    with opened(data) as database, database.begin() as tx:
        wanted, password = new_account(login, name, email, role)
        tx.users.add(wanted)
        tx.audit.append(operator(), "user.added", "user", wanted.id, role=wanted.role)
    typer.echo(password)


@users.command("list")
def show(data: Data = None) -> None:
    """List everybody who may enter, the disabled too."""
    with opened(data) as database, database.begin() as tx:
        found = tx.users.all()
    table = Table()
    for column in ("login", "name", "email", "role", "state", "code", "last signed in"):
        table.add_column(column, overflow="fold")
    for user in found:
        seen = user.signed_in_at.isoformat(timespec="minutes") if user.signed_in_at else ""
        login = user.login or "(identity provider)"
        code = "yes" if user.totp_secret else ""
        table.add_row(login, user.name, user.email, user.role, user.state, code, seen)
    Console().print(table)


@users.command("disable")
def disable(login: Login, data: Data = None) -> None:
    """Keep somebody out, from now on: their sessions end."""
    _set_state(login, data, disabled=True)


@users.command("enable")
def enable(login: Login, data: Data = None) -> None:
    """Let somebody in again who was disabled."""
    _set_state(login, data, disabled=False)


@users.command("reset")
def reset(login: Login, data: Data = None) -> None:
    """Give an account a new password, printed once; its lock, authenticator app and sessions end."""
    from greenroom.runtime.local_accounts import reset_account

    with opened(data) as database, database.begin() as tx:
        user = tx.users.by_login(login)
        password = reset_account(tx, user)
        tx.audit.append(operator(), "user.reset", "user", user.id)
    typer.echo(password)


def _set_state(login: str, data: Path | None, *, disabled: bool) -> None:
    with opened(data) as database, database.begin() as tx:
        user = tx.users.by_login(login)
        tx.users.set_state(user.id, disabled=disabled)
        if disabled:
            tx.audit.append(operator(), "user.disabled", "user", user.id)
        else:
            tx.audit.append(operator(), "user.enabled", "user", user.id)
