"""What `make test` does a little of and `make test-faults` does for long: how often, how much, which variants."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T", int, float)
THOROUGH = bool(os.environ.get("GREENROOM_TEST_FAULTS"))
thorough = pytest.mark.thorough
"""Of a test, or of one of its variants, whose nearest relative runs in `make test`."""


def lots(usual: T, *, long: T) -> T:
    """`usual`, or `long` where GREENROOM_TEST_FAULTS is set."""
    return long if THOROUGH else usual


def skip_thorough(items: list[pytest.Item]) -> None:
    """Skip what is marked so, saying where it runs, unless this is that run."""
    for item in items:
        if not THOROUGH and item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.skip(reason="a longer variant: make test-faults"))
