"""quality_check: an assembled attempt is measured and held against the template's tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.quality_check.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Scheduled

app: Function[Settings] = Function("quality_check", "functions.quality_check.settings:Settings")


@app.on_object("recordings/", suffix="/assembly.json")
def attempt_assembled(event: ObjectCreated) -> None:
    from functions.quality_check.check import check_assembly

    check_assembly(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.quality_check.sweep import check_stale

    check_stale(app)
