"""The pages of batches; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/batches", auth=None)
def batches_page(request: Request) -> Response:
    from functions.console.batches import batches_page
    from functions.console.door import enter

    return enter(request, app, batches_page, "interviews:read")


@app.get("/console/batches/new", auth=None)
def new_batch_page(request: Request) -> Response:
    from functions.console.batches import new_batch_page
    from functions.console.door import enter

    return enter(request, app, new_batch_page, "interviews:write")


@app.post("/console/batches", auth=None)
def make_batch(request: Request) -> Response:
    from functions.console.batches import make_batch
    from functions.console.door import enter

    return enter(request, app, make_batch, "interviews:write")


@app.get("/console/batches/{batch}", auth=None)
def batch_page(request: Request) -> Response:
    from functions.console.batches import batch_page
    from functions.console.door import enter

    return enter(request, app, batch_page, "interviews:read", seen="batch")


@app.get("/console/batches/{batch}/progress", auth=None)
def batch_progress(request: Request) -> Response:
    from functions.console.batches import batch_progress
    from functions.console.door import admit

    return batch_progress(admit(request, app, "interviews:read"), app)
