"""How often workers are killed: enough to meet every stage in `make test`, for long in `make test-faults`."""

from __future__ import annotations

import os


def kills(usual: int, *, long: int) -> int:
    """`usual` times, `long` where GREENROOM_TEST_FAULTS is set."""
    return long if os.environ.get("GREENROOM_TEST_FAULTS") else usual
