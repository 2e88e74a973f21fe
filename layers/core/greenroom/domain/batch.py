"""A batch: one call of the EHR that invites many candidates; each row stands or falls by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from greenroom.domain.errors import Invalid, TooLarge
from greenroom.domain.ids import derived_id
from greenroom.domain.model import Document, Locale, Slug, TimeZone, invalid_document
from greenroom.domain.template import Question

MAX_ROWS = 5000

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$", max_length=200)]
"""One printable line: a newline in a name would become a header of a mail."""

Email = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$",
        max_length=254,
    ),
]
"""An address as HTML's `input type=email` accepts it (WHATWG), so no quoting tricks reach the mail."""


Years = Annotated[float, Field(ge=0, le=80, allow_inf_nan=False)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Experience(Document):
    """Years in one field: 1 年零售经验 is ``{"field": "零售", "years": 1}``."""

    field: Word
    years: Years


class Resume(Document):
    """What the EHR knows about the candidate; only what questions and filters use."""

    education: Annotated[str, StringConstraints(max_length=100)] | None = None
    years_of_experience: Years | None = None
    experience: Annotated[list[Experience], Field(max_length=30)] = []
    keywords: Annotated[
        list[Annotated[str, StringConstraints(max_length=50)]], Field(max_length=50)
    ] = []


class CandidateRow(Document):
    """One candidate as the EHR sends them; `external_id` is the EHR's own id.

    In `time_zone` mails tell times, and are not sent at night; the installation's where it is not known.
    """

    external_id: Annotated[Line, StringConstraints(max_length=100)]
    name: Line
    email: Email
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    resume: Resume | None = None


def interview_id(batch: str, external_id: str) -> str:
    """A candidate has one interview per batch, however often the row is read."""
    return derived_id("itv", batch, external_id)


class RowError(Document):
    """Why one row was not taken. `row` counts from 1, as people count; of a CSV, the header is row 1."""

    row: int
    code: Literal["invalid_row", "duplicate_candidate"]
    field: str
    message: str


class BatchHead(Document):
    """What holds for all rows. `questions` replaces the template's when HR edited the list.

    `policy` names the law under which recordings are analysed: cn, eu, us-il, us-nyc.
    """

    template: Slug
    competency_model: Slug
    deadline: AwareDatetime
    locale: Locale = "zh-CN"
    questions: Annotated[list[Question], Field(min_length=1, max_length=50)] | None = None
    policy: Slug = "cn"


class BatchSlice(Document):
    """``slices/{batch}/{n}.json``: some of a batch's rows."""

    batch: str
    rows: list[CandidateRow]

    def to_bytes(self) -> bytes:
        """Compact JSON, the same for the same rows."""
        return self.model_dump_json(exclude_none=True).encode()


class _FaultlessBatch(BatchHead):
    """A whole batch, read in one step of pydantic's own JSON parser."""

    candidates: Annotated[list[CandidateRow], Field(min_length=1, max_length=MAX_ROWS)]


@dataclass(frozen=True)
class BatchRequest:
    """A parsed batch: the head, the good rows in order, and the errors of the others by number.

    `as_sent`: the body says just this, so it can be kept as it came.
    """

    head: BatchHead
    rows: list[CandidateRow]
    errors: list[RowError]
    as_sent: bool = False

    def to_bytes(self) -> bytes:
        """The batch without its bad rows, as `parse_batch` reads it; ``batches/{batch}.json``."""
        whole = _FaultlessBatch.model_construct(
            **{name: getattr(self.head, name) for name in BatchHead.model_fields},
            candidates=self.rows,
        )
        return whole.model_dump_json(exclude_none=True).encode()


_ROWS: TypeAdapter[list[CandidateRow]] = TypeAdapter(list[CandidateRow])


Pool = Callable[[str], list[CandidateRow]]
"""The candidates that a filter, named by its id, finds."""


def parse_batch(body: bytes, pool: Pool | None = None) -> BatchRequest:
    """Read a batch. A bad row is reported and left out; a bad head refuses the whole batch.

    With a `pool`, a batch may name a `filter` in place of `candidates`.

    Raises `Invalid` (`invalid_json`, `invalid_document`, `no_rows`) and `TooLarge` (`too_many_rows`).
    """
    return _parse_faultless(body) or _parse_row_by_row(body, pool)


def parse_head(document: Mapping[str, Any]) -> BatchHead:
    """Raises `Invalid` (`invalid_document`)."""
    try:
        return BatchHead.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise invalid_document("batch", error) from error


def parse_rows(
    head: BatchHead, raw: Sequence[Any], numbers: Sequence[int] | None = None
) -> BatchRequest:
    """The good rows and the errors of the others, by `numbers` (1, 2, … where none are given).

    Raises `Invalid` (`no_rows`), `TooLarge` (`too_many_rows`).
    """
    if not raw:
        raise Invalid("`candidates` must be a list of at least one candidate", code="no_rows")
    if len(raw) > MAX_ROWS:
        raise TooLarge(f"{len(raw)} candidates; one batch takes {MAX_ROWS}", code="too_many_rows")
    numbered, errors = _parse_rows(raw, numbers or range(1, len(raw) + 1))
    rows, duplicates = _without_duplicates(numbered)
    return BatchRequest(head, rows, sorted(errors + duplicates, key=lambda error: error.row))


def _parse_faultless(body: bytes) -> BatchRequest | None:
    """A batch without any fault, which is the usual one, in half the time; None for all others."""
    try:
        batch = _FaultlessBatch.model_validate_json(body)
    except ValidationError:
        return None
    rows = batch.candidates
    if len({row.external_id for row in rows}) < len(rows):
        return None
    if len({row.email.lower() for row in rows}) < len(rows):
        return None
    head = BatchHead.model_validate({name: getattr(batch, name) for name in BatchHead.model_fields})
    return BatchRequest(head, rows, [], as_sent=True)


def _parse_row_by_row(body: bytes, pool: Pool | None) -> BatchRequest:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Invalid(f"not JSON: {error}", code="invalid_json") from error
    if not isinstance(document, dict):
        raise Invalid("a batch is a JSON object", code="invalid_document")
    if pool is not None and isinstance(document.get("filter"), str):
        wanted = document.pop("filter")
        return BatchRequest(parse_head(document), pool(wanted), [])
    raw = document.pop("candidates", None)
    if not isinstance(raw, list):
        raise Invalid("`candidates` must be a list of at least one candidate", code="no_rows")
    return parse_rows(parse_head(document), raw)


def _parse_rows(
    raw: Sequence[Any], numbers: Sequence[int]
) -> tuple[list[tuple[int, CandidateRow]], list[RowError]]:
    try:
        return list(zip(numbers, _ROWS.validate_python(list(raw)), strict=True)), []
    except ValidationError as error:
        first: dict[int, RowError] = {}
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            index, *path = item["loc"]
            assert isinstance(index, int)  # noqa: S101  (a list's errors are located by index)
            field = ".".join(str(step) for step in path)
            first.setdefault(
                index,
                RowError(row=numbers[index], code="invalid_row", field=field, message=item["msg"]),
            )
    good = [
        (number, row)
        for at, (number, row) in enumerate(zip(numbers, raw, strict=True))
        if at not in first
    ]
    parsed = _ROWS.validate_python([row for _, row in good])
    return list(zip((number for number, _ in good), parsed, strict=True)), list(first.values())


def _without_duplicates(
    rows: list[tuple[int, CandidateRow]],
) -> tuple[list[CandidateRow], list[RowError]]:
    """The first row of a candidate counts; a later one with the same id or address is an error."""
    seen: dict[tuple[str, str], int] = {}
    kept: list[CandidateRow] = []
    errors: list[RowError] = []
    for number, row in rows:
        marks = [("external_id", row.external_id), ("email", row.email.lower())]
        earlier = next((mark for mark in marks if mark in seen), None)
        if earlier is None:
            seen.update(dict.fromkeys(marks, number))
            kept.append(row)
        else:
            message = f"same {earlier[0]} as row {seen[earlier]}"
            errors.append(
                RowError(row=number, code="duplicate_candidate", field=earlier[0], message=message)
            )
    return kept, errors
