"""Webhook endpoints, when a delivery that failed is tried again, and when a receiver is left alone for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

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

Secret = Annotated[str, StringConstraints(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$")]


class WebhookEndpointRequest(Document):
    """A receiver in EHR or OA. No `types` means all of them.

    `secret` is ``whsec_`` + base64 of 24–64 bytes; one is made when it is left out.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=2000)]
    types: Annotated[list[EventType], Field(min_length=1)] | None = None
    secret: Secret | None = None


class SecretRotation(Document):
    """A new secret for an endpoint; one is made when it is left out.

    For `overlap_hours` every webhook carries two signatures, so that a receiver can change over when it likes; 0
    where the old secret has leaked.
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
