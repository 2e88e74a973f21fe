"""A browser and the console for the tests that want no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from functions.console.app import app as console
from greenroom.clock import now_utc
from greenroom.host.http import create_app
from tests.browser.test_pages import CHROMIUM
from tests.seeded import set_up


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with each file: Playwright's loop runs in this thread, and other tests bring loops of their own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )


@pytest.fixture
def console_server(platform: None) -> Iterator[str]:
    """The console alone, by its address."""
    set_up(console, now_utc)  # a browser and an authenticator app live in real time
    running = uvicorn.Server(uvicorn.Config(create_app([console]), port=0, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join(10)
