"""Process figures of a batch as EHR and OA ask for them: JSON, or CSV for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.errors import Invalid
from greenroom.domain.figures import figures_of, table
from greenroom.runtime.csv_text import write_csv
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function

COLUMNS = ("figure", "step", "value")


def read_figures(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/batches/{batch}/figures?format=json|csv``; without `format`, as `Accept` says.

    Raises `Invalid` (`invalid_query`), `NotFound` (`unknown_batch`).
    """
    as_csv = _wants_csv(request)
    with app.database.begin() as tx:
        figures = figures_of(tx.figures.of(request.params["batch"]))
    headers = {"Vary": "Accept", "Cache-Control": "no-store"}
    if as_csv:
        text = write_csv(COLUMNS, table(figures))
        return Response.text(text, "text/csv; charset=utf-8", headers)
    return Response.json(figures, headers=headers)


def _wants_csv(request: Request) -> bool:
    wanted = request.query.get("format")
    if wanted is None:
        return request.headers.get("accept", "").lower().startswith("text/csv")
    if wanted not in ("json", "csv"):
        raise Invalid("format: json or csv", code="invalid_query")
    return wanted == "csv"
