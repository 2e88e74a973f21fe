"""A batch as CSV: one candidate per row, the head in the query."""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.domain.batch import BatchRequest, parse_head, parse_rows
from greenroom.runtime.candidate_sheet import read_sheet
from greenroom.runtime.http import Request
from greenroom.runtime.paging import only_known

HEAD = {"template", "competency_model", "deadline", "locale", "policy"}


@dataclass(frozen=True)
class CsvBatch:
    """The batch, and the columns that nothing here knows."""

    batch: BatchRequest
    ignored: list[str]


def parse_csv_batch(request: Request) -> CsvBatch:
    """Bad rows are reported by their number in the sheet, its header being row 1.

    Raises what `read_sheet`, `parse_head` and `parse_rows` raise, `Invalid` (`invalid_query`).
    """
    only_known(request.query, HEAD)
    head = parse_head({name: value for name, value in request.query.items() if value})
    sheet = read_sheet(request.body)
    return CsvBatch(parse_rows(head, sheet.rows, sheet.numbers), sheet.ignored)
