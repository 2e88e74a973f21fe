"""`greenroom erase`: erase a candidate, look for what is left, check certificates, replay them on a restored copy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from greenroom_cli.database import operator
from greenroom_local.platform import PocketPlatform, running_store

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, ErasureRow
    from greenroom.domain.erasure import Certificate, SignedCertificate
    from greenroom.runtime.erasing import Erasing
    from greenroom.runtime.settings import ErasureSettings

erase = typer.Typer(no_args_is_help=True, help="Erase candidates, and prove it.")
Data = Annotated[
    Path | None, typer.Option(help="A pocket platform that runs; else GREENROOM_… settings.")
]
CandidateId = Annotated[str, typer.Argument(help="The EHR's id of the candidate.")]
AT_ONCE = 10_000
WAIT_S = 60.0
"""Seconds that `candidate` waits for status_sync to take over the last steps."""


@dataclass(frozen=True)
class _House:
    database: Database
    erasing: Erasing
    settings: ErasureSettings


@erase.command()
def candidate(
    external_id: CandidateId,
    data: Data = None,
    wait_s: Annotated[float, typer.Option(help="Seconds to wait for the end.")] = WAIT_S,
) -> None:
    """Erase a candidate everywhere and print the signed certificate.

    Status 1 when something is left, or the end was not reached in time: the platform goes on by itself.
    """
    from greenroom.runtime.erasing import ask

    with _house(data) as house:
        with house.database.begin() as tx:
            row = ask(tx, external_id, operator())
        if row.held:
            _warn(f"under legal hold and not erased: {', '.join(row.held)}")
        _print(_finished(house, row.id, wait_s))


@erase.command()
def verify(
    external_id: CandidateId,
    name: Annotated[str | None, typer.Option(help="Their name, to look for.")] = None,
    email: Annotated[str | None, typer.Option(help="Their mail address, to look for.")] = None,
    data: Data = None,
) -> None:
    """Look through the store and every table for what is left of an erased candidate. Status 1 when something is."""
    from greenroom.domain.batch import CandidateRow
    from greenroom.domain.erasure import candidate_digest

    with _house(data) as house:
        with house.database.begin() as tx:
            rows = [
                row
                for row in tx.erasures.certified()
                if candidate_digest(row.candidate_salt, external_id) == row.candidate_sha256
            ]
        person = CandidateRow.model_construct(
            external_id=external_id, name=name or external_id, email=email or external_id
        )
        found = [one for row in rows for one in house.erasing.left(row, person)]
    if not rows:
        _warn("no erasure of this candidate is known here")
        raise typer.Exit(1)
    for one in found:
        typer.echo(f"{one.place}: {one.count}")
    if found:
        raise typer.Exit(1)
    typer.echo(f"nothing is left ({', '.join(row.id for row in rows)})")


@erase.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A certificate.")],
    key: Annotated[
        str | None, typer.Option(help="The public key that must have signed it, in base64.")
    ] = None,
    candidate: Annotated[
        str | None, typer.Option(help="The EHR's id of whom it must be about.")
    ] = None,
) -> None:
    """Check a certificate's signature; needs no database. Status 1 when it does not hold."""
    from greenroom.domain.erasure import concerns

    signed = _certificate(file, key)
    said = signed.certificate
    if candidate is not None and not concerns(said, candidate):
        _warn("the certificate is about somebody else")
        raise typer.Exit(1)
    removed = sum(one.versions for one in said.objects)
    typer.echo(
        f"{said.erasure}: erased {said.erased_at.isoformat()}, asked by {said.asked_by}; "
        f"{len(said.interviews)} interviews, {sum(said.rows.values())} rows, {removed} objects; "
        f"signed with {signed.key}"
    )


@erase.command()
def key(data: Data = None) -> None:
    """Print the public key that verifies this installation's certificates."""
    from greenroom.runtime.certificates import public_key

    typer.echo(public_key(_settings(data)))


@erase.command()
def replay(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="Certificates, kept elsewhere."),
    ],
    data: Data = None,
    wait_s: Annotated[float, typer.Option(help="Seconds to wait for each.")] = WAIT_S,
) -> None:
    """After a restore: erase again whom these certificates say were erased. Who is not there is passed over."""
    from greenroom.runtime.certificates import public_key

    with _house(data) as house:
        for file in files:
            _replay(house, _certificate(file, public_key(house.settings)).certificate)
        with house.database.begin() as tx:
            waiting = tx.erasures.open(AT_ONCE)
        for one in waiting:  # those of an earlier call too that was cut off
            _finished(house, one, wait_s)


def _replay(house: _House, said: Certificate) -> None:
    from greenroom.domain.erasure import concerns
    from greenroom.runtime.erasing import ask

    with house.database.begin() as tx:
        found = tx.erasures.still_there(
            said.interviews, lambda one: concerns(said, one), said.erased_at
        )
        rows = [ask(tx, one, operator(), "replay", only) for one, only in found.items()]
    objects = house.erasing.empty(said.interviews)
    typer.echo(f"{said.erasure}: {len(rows)} candidates erased again, {objects} objects removed")


def _finished(house: _House, erasure: str, wait_s: float) -> ErasureRow:
    """Run it to its end. Ends the command with status 1 when that takes too long."""
    from greenroom.domain.erasure import ErasureState

    ends = time.monotonic() + wait_s
    while True:
        row = house.erasing.run(erasure)
        if row.state == ErasureState.CERTIFIED:
            return row
        if time.monotonic() > ends:
            _warn(f"{erasure}: the subscribers are not told yet; the platform finishes it")
            raise typer.Exit(1)
        time.sleep(0.5)


def _print(row: ErasureRow) -> None:
    assert row.certificate is not None  # noqa: S101  (it is certified)
    typer.echo(json.dumps(row.certificate.model_dump(mode="json"), ensure_ascii=False, indent=2))
    if row.certificate.certificate.left:
        raise typer.Exit(1)


def _certificate(file: Path, key: str | None) -> SignedCertificate:
    from greenroom.domain.erasure import SignedCertificate
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.certificates import check

    try:
        signed = SignedCertificate.parse(file.read_bytes(), what=file.name)
        check(signed, key)
    except GreenroomError as error:
        _warn(f"{error.detail} ({error.code})")
        raise typer.Exit(1) from error
    return signed


@contextmanager
def _house(data: Path | None) -> Iterator[_House]:
    """What erasing needs; an error of ours ends the command with its words and status 1."""
    from greenroom.clock import now_utc
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.erasing import Erasing
    from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, StoreSettings

    class Settings(FunctionSettings):
        database: DatabaseSettings
        store: StoreSettings

    try:
        settings = _settings(data)
        if data is not None:
            database, store = PocketPlatform(data).database(), running_store(data)
        else:
            named = Settings.load()
            database = named.database.opened()
            store = named.store.opened()
        yield _House(database, Erasing(database, store, settings, now_utc), settings)
        database.close()
    except (GreenroomError, FileNotFoundError) as error:
        _warn(str(getattr(error, "detail", error)))
        raise typer.Exit(1) from error


def _settings(data: Path | None) -> ErasureSettings:
    from pydantic import SecretStr

    from greenroom.runtime.settings import ErasureSettings, FunctionSettings
    from greenroom_local.secrets_file import Secrets

    class Settings(FunctionSettings):
        erasure: ErasureSettings

    if data is None:
        return Settings.load().erasure
    kept = data / "secrets.json"
    if not kept.exists():
        raise FileNotFoundError(f"no platform has run in {data}")
    return ErasureSettings(key=SecretStr(Secrets.keep(kept).erasure_key))


def _warn(words: str) -> None:
    Console(stderr=True).print(words, style="red", highlight=False, soft_wrap=True)
