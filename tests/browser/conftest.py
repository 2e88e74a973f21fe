"""A browser for every file, and the console for the tests that want nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from functions.console.app import app as console
from greenroom.clock import now_utc
from tests.browser.serving import CHROMIUM, serving
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
    with serving(console) as address:
        yield address
