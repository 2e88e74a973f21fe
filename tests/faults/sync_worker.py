"""One life of status_sync, for the test that ends it."""

import os
from datetime import timedelta

from functions.status_sync.app import app
from greenroom.clock import now_utc
from tests.function_client import FunctionClient


def live(environment: dict[str, str], shift_s: float, keys: list[str]) -> None:
    """Announce every key, then sweep, with a clock that is ahead by `shift_s` seconds."""
    os.environ.update(environment)
    app.clock = lambda: now_utc() + timedelta(seconds=shift_s)
    client = FunctionClient(app)
    client.objects(*keys)
    client.tick("sweep")
