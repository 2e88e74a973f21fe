"""retention: what is to be erased is erased everywhere, and what is past its time goes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.retention.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Request, Response, Scheduled

app: Function[Settings] = Function("retention", "functions.retention.settings:Settings")


@app.on_object("erasures/", suffix=".json")
def erasure_asked(event: ObjectCreated) -> None:
    from functions.retention.erase import erase_announced

    erase_announced(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.retention.sweep import sweep

    sweep(app)


@app.on_schedule("watch", minutes=60)
def watch(event: Scheduled) -> None:
    from functions.retention.sweep import watch

    watch(app)


@app.on_schedule("disposals", minutes=60)
def disposals(event: Scheduled) -> None:
    from functions.retention.dispose import dispose_of_due

    dispose_of_due(app)


@app.get("/v1/erasures/{erasure}", auth=app.api_key("candidates:erase", seen="erasure"))
def read_erasure(request: Request) -> Response:
    from functions.retention.erase import read_erasure

    return read_erasure(request.params["erasure"], app)
