"""Contexts from which any builder makes images without a network: files to copy, and a Containerfile per role."""

from __future__ import annotations

import shutil
from pathlib import Path

from greenroom.host.wiring import TABLE, Wired

FILES = Path("infra/images")


def roles(wired: Wired) -> tuple[str, ...]:
    """What a function's image may be started as: pages and API over HTTP, a queue's worker, or behind a Lambda API."""
    http = ("http",) if wired.http else ()
    worker = ("worker",) if wired.has_queue else ()
    return (*http, *worker, "lambda")


def write_context(wired: Wired, context: Path) -> None:
    """Add to ``site/`` the wiring table, and beside it one Containerfile for each role of the function.

    Everybody may read what is copied, whatever umask it was built under: images run as a user without a name. Not by
    ``COPY --chmod``, whose letters most builders do not know.
    """
    table = context / "site" / TABLE
    table.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(TABLE, table)
    for role in roles(wired):
        text = (FILES / f"{role}.Containerfile").read_text("utf-8")
        (context / f"{role}.Containerfile").write_text(
            text.replace("FUNCTION", wired.name), "utf-8"
        )
    for path in (context, *context.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
