"""A sheet of candidates: one per row, columns named in Chinese or English, in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from greenroom.domain.errors import Invalid
from greenroom.runtime.csv_text import read_csv

REQUIRED = ("external_id", "name", "email")
NAMES = {
    "external_id": {"external_id", "id", "编号", "候选人编号", "工号"},
    "name": {"name", "姓名"},
    "email": {"email", "e-mail", "邮箱", "电子邮箱", "电子邮件"},
    "locale": {"locale", "语言"},
    "time_zone": {"time_zone", "时区"},
    "education": {"education", "学历"},
    "years_of_experience": {"years_of_experience", "工作年限"},
    "experience": {"experience", "经验", "行业经验"},
    "keywords": {"keywords", "skills", "关键词", "技能"},
}
_LIST = re.compile(r"[;；、，,|]")
_YEARS = re.compile(r"^(?P<field>.+?)\s*[:：]\s*(?P<years>[0-9.]+)\s*年?$")


@dataclass(frozen=True)
class Sheet:
    """Rows as JSON says them, by their numbers in the sheet (its header is row 1); the columns that nobody knows."""

    rows: list[dict[str, Any]]
    numbers: list[int]
    ignored: list[str]


def read_sheet(body: bytes) -> Sheet:
    """Raises what `read_csv` raises, `Invalid` (`missing_column`, `repeated_column`)."""
    header, *rows = read_csv(body) or [[]]
    columns = [_column(cell) for cell in header]
    for name in REQUIRED:
        if name not in columns:
            raise Invalid(
                f"no column {name} ({'/'.join(sorted(NAMES[name]))})", code="missing_column"
            )
    known = [name for name in columns if name is not None]
    repeated = sorted({name for name in known if known.count(name) > 1})
    if repeated:
        raise Invalid(f"two columns are {repeated[0]}", code="repeated_column")
    filled = [(number, row) for number, row in enumerate(rows, start=2) if any(row)]
    ignored = [
        cell[:100] for cell, name in zip(header, columns, strict=True) if name is None and cell
    ]
    candidates = [_candidate(columns, row) for _, row in filled]
    return Sheet(candidates, [number for number, _ in filled], ignored)


def _column(cell: str) -> str | None:
    asked = cell.strip().casefold()
    return next((name for name, words in NAMES.items() if asked in words), None)


def _candidate(columns: list[str | None], row: list[str]) -> dict[str, Any]:
    """A row as JSON would say it; what cannot be read is left for the row's check to refuse."""
    cells = {
        name: cell for name, cell in zip(columns, row, strict=False) if name is not None and cell
    }
    resume: dict[str, Any] = {
        name: cells.pop(name) for name in ("education", "years_of_experience") if name in cells
    }
    if "experience" in cells:
        resume["experience"] = [_experience(word) for word in _words(cells.pop("experience"))]
    if "keywords" in cells:
        resume["keywords"] = _words(cells.pop("keywords"))
    return {**cells, **({"resume": resume} if resume else {})}


def _experience(word: str) -> dict[str, str]:
    found = _YEARS.match(word)
    return found.groupdict() if found else {"field": word}


def _words(cell: str) -> list[str]:
    return [word.strip() for word in _LIST.split(cell) if word.strip()]
