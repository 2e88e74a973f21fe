"""Time, in one place, so that tests and replays can bring their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns an aware UTC datetime."""


def now_utc() -> datetime:
    return datetime.now(UTC)
