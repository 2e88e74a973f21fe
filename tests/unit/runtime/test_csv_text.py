"""CSV as Excel writes it is read, and what we write is no formula in Excel."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.errors import Invalid
from greenroom.runtime.csv_text import read_csv, write_csv

TABLE = [["编号", "姓名"], ["1", "李明, 店长"], ["2", "王\n芳"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_every_way_in_which_excel_saves(encoding: str, delimiter: str, ending: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(TABLE)
    assert read_csv(text.getvalue().encode(encoding)) == TABLE


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"a,b\n\xff\xff\xff", "csv_encoding"), (b'a,b\n"open', "invalid_csv")],
)
def test_what_is_no_csv_is_said(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_csv(body)
    assert caught.value.code == code


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_csv(body)
    except Invalid as error:
        assert error.code in ("csv_encoding", "invalid_csv")


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(CELL, min_size=1, max_size=4))
def test_no_cell_of_ours_begins_a_formula(cells: list[str]) -> None:
    written = write_csv(["name"], [cells])
    assert written.startswith("\ufeff")
    [_, row] = csv.reader(io.StringIO(written[1:]))
    for cell in row:
        assert not cell.startswith(("=", "@", "|", "%"))
        assert not cell.startswith(("+", "-")) or not any(letter.isalpha() for letter in cell)


def test_a_hostile_name_stays_a_name() -> None:
    written = write_csv(["name", "score"], [['=HYPERLINK("http://evil.example","李明")', -1.5]])
    [_, row] = csv.reader(io.StringIO(written[1:]))
    assert row == ['\'=HYPERLINK("http://evil.example","李明")', "-1.5"]
