"""The `greenroom` command: a plain list of what a person can ask for."""

from __future__ import annotations

import typer

from greenroom_cli.audit import audit
from greenroom_cli.contract_kit.command import contract_kit
from greenroom_cli.dead_letters import dead_letters
from greenroom_cli.demo.command import demo
from greenroom_cli.doctor.command import doctor
from greenroom_cli.erase import erase
from greenroom_cli.keys import keys
from greenroom_cli.metrics import metrics
from greenroom_cli.migrate import migrate
from greenroom_cli.rescore import rescore
from greenroom_cli.reseal import reseal
from greenroom_cli.run import run
from greenroom_cli.users import users
from greenroom_cli.wire import wire
from greenroom_cli.worker import worker

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(run)
app.command()(demo)
app.command()(rescore)
app.command()(migrate)
app.command()(reseal)
app.command("contract-kit")(contract_kit)
app.command()(doctor)
app.command()(metrics)
app.command("dead-letters")(dead_letters)
app.command()(wire)
app.command()(worker)
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")
app.add_typer(erase, name="erase")
app.add_typer(keys, name="keys")
