"""The page of process figures; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/batches/{batch}/figures", auth=None)
def figures_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.figures import figures_page

    return enter(request, app, figures_page, "interviews:read", seen="batch_figures")
