"""API keys as they are asked for: what a key may do, until when, and how long an old one overlaps a new one."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, Field, StringConstraints

from greenroom.domain.batch import Line
from greenroom.domain.model import Document

Scope = Literal[
    "catalogue:write",
    "candidates:write",
    "candidates:erase",
    "batches:write",
    "interviews:read",
    "interviews:write",
    "identity:read",
    "webhooks:write",
    "keys:write",
    "audit:read",
    "metrics:read",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class NewApiKey(Document):
    """`signed`: what is changed with this key must be signed. Without `expires_at` it lasts until it is revoked."""

    name: Annotated[Line, StringConstraints(max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
    signed: bool = False
    expires_at: AwareDatetime | None = None


class Rotation(Document):
    """`overlap_hours`: how long the old key is still good beside the new one."""

    overlap_hours: Annotated[float, Field(ge=0, le=720)] = 24
