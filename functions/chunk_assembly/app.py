"""chunk_assembly: joins verified parts into one recording per track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.chunk_assembly.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Scheduled

app: Function[Settings] = Function("chunk_assembly", "functions.chunk_assembly.settings:Settings")


@app.on_object("uploads/", suffix="/manifest.json")
def manifest_sealed(event: ObjectCreated) -> None:
    from functions.chunk_assembly.assemble import assemble_manifest

    assemble_manifest(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.chunk_assembly.sweep import assemble_stale

    assemble_stale(app)
