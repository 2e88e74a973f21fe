"""Batches row by row: numbering of errors, and the quick way for faultless batches gives what the careful one gives."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.domain.batch import BatchSlice, parse_batch

HEAD = {"template": "t", "competency_model": "m", "deadline": "2026-12-01T00:00:00+08:00"}
BAD = {"external_id": "bad", "name": "two\nlines", "email": "bad@example.com"}

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)
resumes = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "education": st.none() | st.text(max_size=20),
        "years_of_experience": st.none() | st.integers(0, 80) | st.floats(0, 80),
        "keywords": st.lists(st.text(max_size=20), max_size=3),
    },
)


@st.composite
def good_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    numbers = draw(st.lists(st.integers(0, 99), min_size=1, max_size=8, unique=True))
    return [
        {
            "external_id": f"EHR {number}",
            "name": draw(names),
            "email": f"c{number}@example.com",
            "locale": draw(st.sampled_from([None, "zh-CN", "en"])),
            "resume": draw(resumes),
        }
        for number in numbers
    ]


def batch(rows: list[Any]) -> bytes:
    return json.dumps({**HEAD, "candidates": rows}).encode()


@given(good_rows())
def test_a_bad_row_changes_nothing_about_the_good_ones(rows: list[dict[str, Any]]) -> None:
    faultless = parse_batch(batch(rows))
    with_fault = parse_batch(batch([*rows, BAD]))
    assert faultless.errors == []
    assert with_fault.rows == faultless.rows
    assert with_fault.head == faultless.head
    assert type(with_fault.head) is type(faultless.head)
    assert [error.row for error in with_fault.errors] == [len(rows) + 1]


@given(st.data())
@settings(max_examples=60)
def test_each_row_is_either_taken_or_named_by_its_number(data: st.DataObject) -> None:
    rows: list[Any] = [
        {"external_id": f"c{number}", "name": "李明", "email": f"c{number}@example.com"}
        for number in range(data.draw(st.integers(1, 12)))
    ]
    spoilt: set[int] = set()
    for index, row in enumerate(rows):
        fault = data.draw(st.sampled_from(["none", "name", "email", "type", "missing", "extra"]))
        match fault:
            case "name" | "email":
                row[fault] = data.draw(st.sampled_from(["", "a\r\nBcc: b@c", 5, None, "x" * 300]))
            case "type":
                rows[index] = data.draw(st.none() | st.integers() | st.just([]))
            case "missing":
                del row["name"]
            case "extra":
                row["weight"] = 1
        if fault != "none":
            spoilt.add(index + 1)
    parsed = parse_batch(batch(rows))
    assert {error.row for error in parsed.errors} == spoilt
    assert [error.row for error in parsed.errors] == sorted(spoilt)
    kept = [f"c{index}" for index in range(len(rows)) if index + 1 not in spoilt]
    assert [row.external_id for row in parsed.rows] == kept


@given(good_rows())
def test_a_batch_comes_back_from_its_object_without_its_bad_rows(
    rows: list[dict[str, Any]],
) -> None:
    parsed = parse_batch(batch([BAD, *rows]))
    again = parse_batch(parsed.to_bytes())
    assert (again.head, again.rows, again.errors) == (parsed.head, parsed.rows, [])
    assert again.to_bytes() == parsed.to_bytes()


@given(good_rows())
def test_a_slice_comes_back_from_its_object(rows: list[dict[str, Any]]) -> None:
    piece = BatchSlice(batch="bat_x", rows=parse_batch(batch(rows)).rows)
    assert BatchSlice.parse(piece.to_bytes()) == piece
