"""`greenroom contract-kit`: try an integration against the contracts, and print a certificate."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from standardwebhooks import Webhook

from greenroom.runtime.texts import choose_locale
from greenroom_cli.contract_kit.api import Api
from greenroom_cli.contract_kit.certificate import Broken, Certificate, Check
from greenroom_cli.contract_kit.company import Company
from greenroom_cli.contract_kit.contracts import shipped
from greenroom_cli.contract_kit.ehr import Ehr
from greenroom_cli.contract_kit.faults import Faults
from greenroom_cli.contract_kit.inbox import Inbox
from greenroom_cli.contract_kit.oa import Oa
from greenroom_cli.contract_kit.receiver import ReceiverTrial
from greenroom_cli.contract_kit.words import Words
from greenroom_cli.terminal import system_locale
from greenroom_local.platform import PocketPlatform

OWN_TIMEOUT_S = 2
"""How long the sender of a platform of our own waits for a receiver, so that the slow one is soon given up."""
OWN_SLOW_S = 4.0


def contract_kit(
    server: Annotated[
        str | None, typer.Option(help="URL of a running Greenroom; one of its own when left out.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="GREENROOM_API_KEY", help="With --server.")
    ] = None,
    receiver: Annotated[
        str | None, typer.Option(help="Try this webhook receiver of yours instead.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(envvar="GREENROOM_WEBHOOK_SECRET", help="With --receiver: its whsec_ secret."),
    ] = None,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT that the fake EHR and OA receive webhooks on.")
    ] = "127.0.0.1:0",
    callback: Annotated[
        str | None,
        typer.Option(help="URL under which Greenroom reaches that; same host by default."),
    ] = None,
    mail: Annotated[
        str, typer.Option(help="Address that the invitations of the kit's candidates go to.")
    ] = "contract-kit@example.com",
    slow: Annotated[
        float, typer.Option(help="With --server: seconds; longer than its sender waits.")
    ] = 31,
    certificate: Annotated[Path, typer.Option(help="JSON file for the certificate.")] = Path(
        "greenroom-contract-certificate.json"
    ),
    lang: Annotated[str | None, typer.Option(help="zh-CN or en; the locale's by default.")] = None,
) -> None:
    """Prove an integration offline: fake EHR and OA, failing receivers, your own receiver; a certificate."""
    words = Words(choose_locale(lang, system_locale(), default="en"))
    console = Console()
    if receiver is not None:
        _check_secret(secret)
    elif server is not None and not api_key:
        raise typer.BadParameter("--server needs --api-key (or GREENROOM_API_KEY)")
    contracts = shipped()

    def told(check: Check) -> None:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        line = f"{mark} {escape(words.check(check))}  [dim]{check.id}[/]"
        console.print(line, soft_wrap=True, highlight=False)
        if not check.passed:
            console.print(
                f"    [red]{escape(words.why(check) or '')}[/]", soft_wrap=True, highlight=False
            )

    with ExitStack() as stack:
        if receiver is not None:
            found = Certificate(receiver, contracts, told)
            trial = ReceiverTrial(receiver, secret or "", contracts)
            stack.callback(trial.close)
            found.run(trial.steps())
        else:
            if server is None or not api_key:
                console.print(words.say("starting"))
                server, api_key = stack.enter_context(_own_platform(stack))
                slow = OWN_SLOW_S
            found = Certificate(server, contracts, told)
            inbox = stack.enter_context(Inbox(*_address(listen)))
            where = (callback or inbox.url).rstrip("/")
            _try_greenroom(found, server, api_key, inbox, where, mail, slow)
    document = found.document(words)
    certificate.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    _show(console, words, found, certificate)
    raise typer.Exit(0 if found.passed else 1)


def _try_greenroom(
    found: Certificate,
    server: str,
    api_key: str,
    inbox: Inbox,
    callback: str,
    mail: str,
    slow_s: float,
) -> None:
    """All three groups, and whatever happens the endpoints removed and the interviews cancelled."""
    contracts = found.contracts
    with ExitStack() as stack:
        api, stranger = Api(server, api_key, contracts), Api(server, None, contracts)
        stack.callback(api.close)
        stack.callback(stranger.close)
        company = Company(api, contracts, mail)
        ehr = Ehr(api, stranger, inbox, company, callback)
        oa = Oa(api, inbox, company, callback)
        faults = Faults(api, inbox, company, callback, slow_s)
        try:
            found.run(ehr.steps(contracts))
            found.run(oa.steps())
            found.run(faults.steps())
        finally:
            for clean_up in (company.clean_up, ehr.clean_up, oa.clean_up, faults.clean_up):
                try:
                    clean_up()
                except (Broken, httpx.HTTPError) as error:
                    # What could not be registered or reached cannot be removed either.
                    typer.echo(f"{error}", err=True)


@contextmanager
def _own_platform(stack: ExitStack) -> Iterator[tuple[str, str]]:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="greenroom-contract-kit-"))
    extra = {"GREENROOM_WEBHOOKS__TIMEOUT_S": str(OWN_TIMEOUT_S)}
    with PocketPlatform(Path(folder), ports="free", extra=extra) as platform:
        yield platform.url, platform.api_key


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise typer.BadParameter("--listen: HOST:PORT")
    return host, int(port)


def _check_secret(secret: str | None) -> None:
    try:
        Webhook(secret or "")
    except (ValueError, RuntimeError) as error:
        raise typer.BadParameter(f"--secret: whsec_ and base64 ({error})") from error


def _show(console: Console, words: Words, found: Certificate, file: Path) -> None:
    failed = [check for check in found.checks if not check.passed]
    colour = "green" if found.passed else "red"
    result = words.say("result.passed" if found.passed else "result.failed")
    versions = (f"{Path(path).stem} {it}" for path, it in found.contracts.versions.items())
    lines = {
        "against": found.against,
        "date": f"{found.began_at:%Y-%m-%d %H:%M} UTC",
        "tried": str(len(found.checks)),
        "failed": ", ".join(check.id for check in failed) or "0",
        "contracts": ", ".join(versions),
        "digest": found.contracts.digest,
        "file": str(file),
    }
    console.print(f"\n[bold {colour}]{words.say('title')}: {result}[/]")
    for name, value in lines.items():
        text = f"  {words.say(f'line.{name}')}: {value}"
        console.print(escape(text), soft_wrap=True, highlight=False)
