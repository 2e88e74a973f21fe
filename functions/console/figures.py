"""过程指标: the page of a batch's process figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.funnel_chart import funnel_chart
from functions.console.page import render
from greenroom.domain.figures import figures_of
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


def figures_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/batches/{batch}/figures``. Raises `NotFound` (`unknown_batch`)."""
    with app.database.begin() as tx:
        figures = figures_of(tx.figures.of(request.params["batch"]))
    return render(
        request,
        app,
        "figures.html",
        figures=figures,
        chart=funnel_chart(figures),
        over=figures.deadline <= app.clock(),
    )
