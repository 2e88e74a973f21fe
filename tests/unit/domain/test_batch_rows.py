"""Batches row by row: numbering of errors, and the quick way for faultless batches gives what the careful one gives."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.domain.batch import BatchRows, parse_batch

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
    assert {number for number, _ in parsed.rows} | spoilt == set(range(1, len(rows) + 1))
    assert all(row.external_id == f"c{number - 1}" for number, row in parsed.rows)


@given(good_rows())
def test_rows_come_back_from_their_object_as_they_were(rows: list[dict[str, Any]]) -> None:
    taken = [row for _, row in parse_batch(batch(rows)).rows]
    kept = BatchRows(batch="bat_x", rows=taken)
    assert BatchRows.parse(kept.to_bytes()).rows == taken
    assert BatchRows.parse(kept.to_bytes()).to_bytes() == kept.to_bytes()
