"""Webhook endpoints, and when a delivery that failed is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from greenroom.domain.events import EventType
from greenroom.domain.model import Document

DeliveryState = Literal["pending", "delivered", "dead"]

RETRY_DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits between attempts, from Standard Webhooks' suggested schedule: 5 s to 24 h, about three days in all."""


class WebhookEndpointRequest(Document):
    """A receiver in EHR or OA. No `types` means all of them.

    `secret` is ``whsec_`` + base64 of 24–64 bytes; one is made when it is left out.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=2000)]
    types: Annotated[list[EventType], Field(min_length=1)] | None = None
    secret: (
        Annotated[str, StringConstraints(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$")] | None
    ) = None


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after `attempts` failures; None when they are enough and the delivery is dead."""
    return RETRY_DELAYS[attempts - 1] if attempts <= len(RETRY_DELAYS) else None
