"""What every browser test needs: the browser's program, and functions behind the HTTP host on a free port."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from greenroom.host.http import create_app
from greenroom.runtime.function import Function
from tests.kept_contracts import HeldToContracts

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@contextmanager
def serving(*functions: Function) -> Iterator[str]:
    """Their address, for as long as it lasts. What the pages ask of the API is held to OpenAPI."""
    breaches: list[str] = []
    app = HeldToContracts(create_app(list(functions)), breaches.append)
    config = uvicorn.Config(app, port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join(10)
    assert not breaches
