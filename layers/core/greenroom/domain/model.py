"""The base of every document that crosses a border: strict, immutable, canonical as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from greenroom.domain.errors import Invalid

Locale = Literal["zh-CN", "en"]
LocalizedText = Annotated[
    dict[Locale, Annotated[str, StringConstraints(min_length=1, max_length=2000)]],
    Field(min_length=1),
]
"""One text in one language or several, e.g. ``{"zh-CN": "沟通能力", "en": "Communication"}``."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A name that people choose and systems repeat: lower case, digits, `_`, `-`; at most 64."""


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name[:64]!r} is no time zone, such as Asia/Shanghai") from error


TimeZone = Annotated[str, AfterValidator(_known_zone), StringConstraints(max_length=64)]
"""A zone of the IANA database."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def text_in(texts: LocalizedText, locale: str) -> str:
    """The text in `locale`, else in English, else the first there is."""
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()))  # type: ignore[call-overload]


class Document(BaseModel):
    """A frozen pydantic model that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, body: bytes | str, *, what: str | None = None) -> Self:
        """Read JSON; `Invalid` (code `invalid_document`) says where it is wrong."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise invalid_document(what or cls.__name__, error) from error

    @classmethod
    def stored(cls, body: bytes | str, *, what: str | None = None) -> Self:
        """As `parse`, for what a function of ours has kept: fields that a newer release put in are passed over.

        During an update functions of two releases run side by side, and each reads what the other has written.
        """
        try:
            return cls.model_validate_json(body, extra="ignore")
        except ValidationError as error:
            raise invalid_document(what or cls.__name__, error) from error

    @classmethod
    def from_fields(cls, fields: Mapping[str, object]) -> Self:
        """As `parse`, from what a form says: a number may be its text."""
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise invalid_document(cls.__name__, error) from error

    def canonical(self) -> bytes:
        """The same document gives the same bytes: sorted keys, no spaces, UTF-8."""
        return canonical_json(self.model_dump(mode="json"))


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8, ended by a newline."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def invalid_document(what: str, error: ValidationError) -> Invalid:
    """Pydantic's errors as one `Invalid` whose `errors` list names each place."""
    errors = [
        {"at": ".".join(str(step) for step in item["loc"]), "message": item["msg"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = errors[0]
    return Invalid(
        f"{what}: {first['at'] or 'document'}: {first['message']}",
        code="invalid_document",
        errors=errors[:50],
    )
