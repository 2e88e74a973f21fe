"""One platform for all tests of a file; a browser for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from greenroom_cli.demo.hr import HrSystem
from greenroom_local.platform import PocketPlatform, Ports
from tests.browser.recorder.candidate import Candidate, House, candidate
from tests.browser.recorder.faulty_line import FaultyLine
from tests.browser.recorder.numbered_camera import make_camera, make_microphone


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    ports = Ports.free()
    line = FaultyLine(("127.0.0.1", ports.store))
    extra = {"GREENROOM_STORE__PUBLIC_ENDPOINT": line.url}
    camera = make_camera(folder / "camera.mjpeg")
    microphone = make_microphone(folder / "microphone.wav")
    with PocketPlatform(folder / "data", ports=ports, extra=extra) as platform:
        hr = HrSystem(platform.url, platform.api_key)
        hr.import_catalogue("store-manager", "screening")
        yield House(platform, line, hr, camera, microphone)
    line.close()


@pytest.fixture
def at_browser(
    playwright: Playwright, house: House, tmp_path: Path
) -> Callable[..., AbstractContextManager[Candidate]]:
    """A candidate with a browser of their own; options as in `Candidate`."""

    def open_browser(**options: Any) -> AbstractContextManager[Candidate]:
        return candidate(playwright, house, tmp_path / "profile", **options)

    return open_browser
