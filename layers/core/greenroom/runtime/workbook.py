"""Excel workbooks of one sheet, in which what people typed stays text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from xlsxwriter import Workbook

from greenroom.runtime.csv_text import FULL_WIDTH_STARTS

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", *FULL_WIDTH_STARTS)


def write_xlsx(name: str, header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    """The sheet `name` with a header that stays in view. Numbers are numbers, everything else is text.

    A text that a spreadsheet would take for a formula carries Excel's quote prefix, so that it stays one when
    somebody edits the cell or saves the sheet as CSV by way of Excel.
    """
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        bold = book.add_format({"bold": True})
        quoted = book.add_format({"quote_prefix": True})
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if not isinstance(value, str):
                    sheet.write_number(at, column, value)
                elif value.startswith(FORMULA_STARTS):
                    sheet.write_string(at, column, value, quoted)
                elif value:
                    sheet.write_string(at, column, value)
    return file.getvalue()
