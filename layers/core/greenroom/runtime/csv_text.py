"""CSV as Excel writes and reads it, in Chinese and in English."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from defusedcsv import csv as defused

from greenroom.domain.errors import Invalid

BOM = "\ufeff"
FULL_WIDTH_STARTS = ("＝", "＋", "－", "＠")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_csv(body: bytes) -> list[list[str]]:
    """All rows, cells stripped. Commas, semicolons or tabs; UTF-8 with or without BOM, UTF-16, GB18030.

    GB18030 is what Chinese Excel saves as "CSV"; its bytes are hardly ever good UTF-8, so that is tried first.
    Raises `Invalid` (`csv_encoding`, `invalid_csv`).
    """
    text = _decoded(body)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise Invalid(f"not CSV: {error}", code="invalid_csv") from error


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV for Excel: a BOM, and no cell that a spreadsheet would take for a formula (defusedcsv).

    Full-width signs begin a formula too where Excel speaks Chinese or Japanese (OWASP, CSV injection).
    """
    text = io.StringIO(newline="")
    writer = defused.writer(text)
    writer.writerow(header)
    writer.writerows([_quoted(cell) for cell in row] for row in rows)
    return BOM + text.getvalue()


def _quoted(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FULL_WIDTH_STARTS) else cell


def _decoded(body: bytes) -> str:
    encodings = [name for mark, name in _MARKS if body.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("neither UTF-8 nor UTF-16 nor GB18030", code="csv_encoding")
