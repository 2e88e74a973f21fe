"""Webhook endpoints, when a delivery that failed is tried again, and when a receiver is left alone for a while."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from greenroom.domain.endpoint_kinds import OURS, ROBOTS, ChatNotice, EndpointKind, RestCall
from greenroom.domain.events import EventType
from greenroom.domain.model import Document

DeliveryState = Literal["pending", "delivered", "dead"]

RETRY_DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits between attempts, from Standard Webhooks' suggested schedule: 5 s to 24 h, about three days in all."""


PAUSED_AFTER = 5
"""Failures in a row, whatever the event, after which a receiver counts as down: its circuit breaker opens."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
OUTAGE = timedelta(minutes=10)
"""A receiver that is back after failing for so long gets at once what waits, instead of up to a day later.

A shorter run of failures may be events that it will never take, of which it must not get more for every success.
"""

STANDARD_FORM = r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$"
Secret = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,128}$")]


class WebhookEndpointRequest(Document):
    """A receiver in EHR or OA, or a robot of a chat. No `types` means all of them; a robot must be told which.

    `secret` of a `webhook` is ``whsec_`` + base64 of 24–64 bytes, and one is made when it is left out; of a
    `dingtalk` or `feishu` robot it is the one that the platform shows where signing is chosen. `notice` is for
    robots, `rest` for the kind `rest`. `greenhouse` is told of the interviews that it ordered.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=2000)]
    kind: EndpointKind = "webhook"
    types: Annotated[list[EventType], Field(min_length=1)] | None = None
    secret: Secret | None = None
    notice: ChatNotice | None = None
    rest: RestCall | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        check_secret(self.kind, self.secret)
        if self.kind in ROBOTS and self.types is None:
            raise ValueError("a robot must be told which `types` it announces")
        if self.notice is not None and self.kind not in ROBOTS:
            raise ValueError("`notice` is for the kinds " + ", ".join(ROBOTS))
        if (self.rest is None) is (self.kind == "rest"):
            raise ValueError("`rest` is for the kind rest, which needs it")
        if self.kind == "greenhouse" and (self.types or not self.secret or self.url[-1:] != "/"):
            raise ValueError(
                "greenhouse: `secret` is the API key that Greenhouse has, `url` what its callbacks begin with, up to a"
                " slash; it has no `types`"
            )
        ours = sorted(
            name for name in (self.rest.headers if self.rest else ()) if name.lower() in OURS
        )
        if ours:
            raise ValueError(f"the headers {', '.join(ours)} are not yours to set")
        return self


def check_secret(kind: EndpointKind, secret: str | None) -> None:
    """Raises ValueError when an endpoint of this kind has no use for such a secret."""
    if kind == "webhook" and secret is not None and not re.match(STANDARD_FORM, secret):
        raise ValueError("secret: whsec_ and the base64 of 24 to 64 bytes")
    if kind in ("wecom", "rest") and secret is not None:
        raise ValueError(f"secret: the kind {kind} signs nothing")


class SecretRotation(Document):
    """A new secret for an endpoint; of a `webhook`, one is made when it is left out.

    For `overlap_hours` every webhook carries two signatures, so that a receiver can change over when it likes; 0
    where the old secret has leaked. Robots' platforms know no overlap: the new one signs at once.
    """

    secret: Secret | None = None
    overlap_hours: Annotated[float, Field(ge=0, le=168, allow_inf_nan=False)] = 24


class ResendRequest(Document):
    """Send again what an endpoint was sent, or owed, since a time; `states` picks, all of them by default."""

    since: AwareDatetime
    states: Annotated[list[DeliveryState], Field(min_length=1)] = ["delivered", "dead"]


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after `attempts` failures; None when they are enough and the delivery is dead."""
    return RETRY_DELAYS[attempts - 1] if attempts <= len(RETRY_DELAYS) else None


def pause_after(failures: int) -> timedelta | None:
    """How long to leave a receiver alone after `failures` in a row: 30 s, doubled up to 15 min; None: not yet."""
    if failures < PAUSED_AFTER:
        return None
    doubled: int = 1 << min(failures - PAUSED_AFTER, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
