"""One platform for all tests of a file; a browser for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.recorder.candidate import Candidate, House, candidate, open_house


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ended with each file: its loop runs in this thread, and other tests bring loops of their own."""
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def at_browser(
    playwright: Playwright, house: House, tmp_path: Path
) -> Callable[..., AbstractContextManager[Candidate]]:
    """A candidate with a browser of their own; options as in `Candidate`."""

    def open_browser(**options: Any) -> AbstractContextManager[Candidate]:
        return candidate(playwright, house, tmp_path / "profile", **options)

    return open_browser
