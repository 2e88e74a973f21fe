"""The policy: what may be inferred from a recording under a jurisdiction's law.

Versioned data that a customer's lawyers can read. An engineering reading, not advice.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.consent import PURPOSES, Purpose
from greenroom.domain.errors import Invalid
from greenroom.domain.model import Document, LocalizedText, Slug

Inference = Literal["expression", "emotion", "face_matching"]
"""Kinds of conclusion that some law treats apart: facial movements, inner states, whose face it is."""


class Notice(Document):
    """What candidates are told before software may score them, in the invitation and on their page.

    `days`: calendar days between the invitation and the first scoring; what is recorded meanwhile is kept, checked
    and measured, and waits. A law that counts business days is put in calendar days that hold at least as many.
    """

    days: Annotated[int, Field(ge=0, le=90)]
    text: LocalizedText


Days = Annotated[int, Field(ge=1, le=3650)]


class Retention(Document):
    """Days that data is kept from the end of the procedure; identity pictures from when they were taken.

    `personal_days` is the end of all: the interview is erased, and the candidate whose last one it was.
    """

    recordings_days: Days = 180
    reports_days: Days = 365
    identity_days: Days = 30
    personal_days: Days = 730


class Policy(Document):
    """`forbidden` inferences are neither run nor kept; `basis` names the law that they are read from.

    `consents` are the purposes that candidates are asked for, each by itself: what is not asked is not given, and
    does not happen. `human_review`: nobody is refused before a person has evaluated the interview. `mail_tracking`:
    whether it may be noted that a mail was opened; not unless a policy says so.
    """

    id: Slug
    version: Annotated[int, Field(ge=1)] = 1
    name: LocalizedText
    basis: Annotated[list[Annotated[str, StringConstraints(max_length=300)]], Field(max_length=20)]
    forbidden: Annotated[list[Inference], Field(max_length=10)] = []
    consents: Annotated[list[Purpose], Field(max_length=len(PURPOSES))] = list(PURPOSES)
    human_review: bool = True
    mail_tracking: bool = False
    notice: Notice | None = None
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _recording_is_asked(self) -> Self:
        if "recording" not in self.consents or len(set(self.consents)) != len(self.consents):
            raise ValueError("consents must hold recording, and nothing twice")
        return self

    @property
    def whole_id(self) -> str:
        """As reports name it: ``id/version``."""
        return f"{self.id}/{self.version}"


SHIPPED = ("cn", "eu", "us-il", "us-nyc")


@cache
def shipped_policy(policy_id: str) -> Policy:
    """A policy that comes with the product. Raises `Invalid` (`unknown_policy`)."""
    if policy_id not in SHIPPED:
        known = ", ".join(SHIPPED)
        raise Invalid(f"no policy {policy_id!r}; there are {known}", code="unknown_policy")
    path = resources.files("greenroom.domain") / "policies" / f"{policy_id}.json"
    return Policy.parse(path.read_bytes(), what=f"policy {policy_id}")
