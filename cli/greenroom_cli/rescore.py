"""`greenroom rescore`: what another module version or mapping would change, before it goes live."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from greenroom_local.platform import PocketPlatform, running_store

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.adapters.database.interviews import Interviews
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.analysis_modules import Modules
    from greenroom.runtime.rescoring import Rescored


@dataclass(frozen=True)
class Line:
    """One candidate's total and rank, as stored and as replayed; rank 1 is the highest total, None without one."""

    interview: str
    candidate: str
    stored: float | None
    replayed: float | None
    stored_rank: int | None
    replayed_rank: int | None

    @property
    def moves(self) -> bool:
        return (self.stored, self.stored_rank) != (self.replayed, self.replayed_rank)


def rescore(
    batch: Annotated[str, typer.Option(help="The batch whose scored interviews are replayed.")],
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with", help="A module that looks again, pinned: vision==2.0.0. Repeatable."
        ),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="The mapping to score with; each interview's own by default.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="A pocket platform that runs; else GREENROOM_… settings.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Replay a batch's stored interviews and print who changes rank; nothing that is stored changes."""
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.analysis_modules import installed
    from greenroom.runtime.rescoring import Replay

    said = Console(stderr=True)
    try:
        modules = installed()
        again = [_pinned(wish, modules) for wish in with_ or ()]
        database, store = _opened(data)
        folder = Path(tempfile.gettempdir()) / "greenroom-rescore"
        with database.begin() as tx:
            chosen = None if mapping is None else tx.catalogue.mapping(mapping)
        replay = Replay(database, store, modules, again, chosen, folder)
        scored = _scored(database, batch)
        found = [
            replay.rescored(interview)
            for interview in track(scored, "Replaying …", console=said, disable=json_)
        ]
    except (GreenroomError, FileNotFoundError) as error:
        said.print(f"[red]{getattr(error, 'detail', error)}[/]", highlight=False)
        raise typer.Exit(1) from error
    lines = ranked(found)
    if json_:
        changes = [{**vars(line), "moves": line.moves} for line in lines]
        typer.echo(json.dumps({"batch": batch, "interviews": changes}, ensure_ascii=False))
    else:
        _print(lines)


def ranked(found: list[Rescored]) -> list[Line]:
    """Lines in the order of the replayed rank; those without a total come last."""
    stored = _ranks({one.interview.id: one.stored.total.score for one in found})
    replayed = _ranks({one.interview.id: one.replayed.total.score for one in found})
    lines = [
        Line(
            one.interview.id,
            one.interview.candidate_name,
            one.stored.total.score,
            one.replayed.total.score,
            stored[one.interview.id],
            replayed[one.interview.id],
        )
        for one in found
    ]
    return sorted(lines, key=lambda line: (line.replayed_rank or len(lines) + 1, line.interview))


def _ranks(totals: dict[str, float | None]) -> dict[str, int | None]:
    """Equal totals share a rank, and the next one is as much later (1, 2, 2, 4)."""
    scores = [score for score in totals.values() if score is not None]
    return {
        name: None if score is None else 1 + sum(other > score for other in scores)
        for name, score in totals.items()
    }


def _pinned(wish: str, modules: Modules) -> str:
    """The module's name. Raises `NotFound`, `Conflict` when what is installed is another version."""
    from greenroom.domain.analysis import is_version
    from greenroom.domain.errors import Conflict, NotFound

    name, _, version = wish.partition("==")
    installed = modules.version(name)
    if installed is None:
        raise NotFound(f"module {name} is not installed", code="module_not_installed")
    if version and not is_version(installed, version):
        raise Conflict(
            f"{name} {installed} is installed, not {version}: install that layer first",
            code="module_version_differs",
        )
    return name


def _scored(database: Database, batch: str) -> list[str]:
    """The batch's interviews that have a scorecard. Raises `NotFound` (`unknown_batch`)."""
    with database.begin() as tx:
        tx.batches.get(batch)
        return list(_pages(tx.interviews, batch))


def _pages(interviews: Interviews, batch: str) -> Iterator[str]:
    after = None
    while rows := interviews.find(batch=batch, limit=200, after=after):
        yield from (row.id for row in rows if row.state in ("scored", "decided"))
        after = rows[-1].id


def _opened(data: Path | None) -> tuple[Database, ObjectStore]:
    """Raises `MisconfiguredSetting`, and FileNotFoundError where no platform runs in `data`."""
    from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, StoreSettings

    if data is not None:
        return PocketPlatform(data).database(), running_store(data)

    class Settings(FunctionSettings):
        store: StoreSettings
        database: DatabaseSettings

    settings = Settings.load()
    return settings.database.opened(), settings.store.opened()


def _print(lines: list[Line]) -> None:
    console = Console()
    if not lines:
        console.print("No interview of this batch is scored.")
        return
    table = Table()
    for column in ("rank", "was", "candidate", "total", "was", "change"):
        table.add_column(column, justify="left" if column == "candidate" else "right")
    for line in lines:
        table.add_row(
            _shown(line.replayed_rank),
            _shown(line.stored_rank),
            line.candidate,
            _shown(line.replayed),
            _shown(line.stored),
            _change(line),
            style="bold" if line.moves else None,
        )
    console.print(table)
    moved = sum(line.stored_rank != line.replayed_rank for line in lines)
    console.print(f"{moved} of {len(lines)} change rank.")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _change(line: Line) -> str:
    if line.stored is None or line.replayed is None:
        return "–"
    return f"{line.replayed - line.stored:+.1f}"
