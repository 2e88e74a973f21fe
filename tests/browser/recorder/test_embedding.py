"""The room inside a frame of another site, as a careers page shows it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.browser.recorder.candidate import (
    ONE,
    AtBrowser,
    House,
    open_house,
    until,
)

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(180)]

ALLOW = "camera; microphone; display-capture; autoplay; fullscreen; clipboard-write"


class CareersSite:
    """Another host with one page that frames what its address names after the question mark."""

    def __init__(self, allow: str = ALLOW) -> None:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                address = self.path.partition("?")[2]
                frame = (
                    f'<iframe src="{address}" allow="{allow}" width="1200" height="760"></iframe>'
                )
                self.wfile.write(f"<!doctype html><title>Careers</title>{frame}".encode())

            def log_request(self, *arguments: object) -> None:
                """Nothing: the tests' output is for failures."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        # The platform is 127.0.0.1: localhost is another site to a browser, and as secure.
        self.origin = f"http://localhost:{self._server.server_port}"

    def framing(self, url: str) -> str:
        return f"{self.origin}/?{url}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def sites() -> Iterator[list[CareersSite]]:
    """One that hands the camera on, one that does not, and one that the platform does not know."""
    sites = [CareersSite(), CareersSite(allow="autoplay"), CareersSite()]
    yield sites
    for site in sites:
        site.close()


@pytest.fixture(scope="module")
def house(sites: list[CareersSite], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    known = json.dumps([site.origin for site in sites[:2]])
    folder = tmp_path_factory.mktemp("house")
    with open_house(folder, GREENROOM_FRAME_ANCESTORS=known) as house:
        yield house


def press(frame: FrameLocator, name: str) -> None:
    frame.locator(f'[data-do="{name}"]:visible').click()


def test_a_named_site_may_embed_the_room_and_nothing_is_lost(
    house: House, at_browser: AtBrowser, sites: list[CareersSite]
) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.page.goto(sites[0].framing(invited.url))
        frame = someone.page.frame_locator("iframe")
        for button in ("open-camera", "camera-good", "play-sound", "sound-heard"):
            press(frame, button)
        press(frame, "environment-done")
        expect(frame.locator("#consents button")).to_be_visible()
        for box in frame.locator("#consents input").all():
            box.check()
        frame.locator("#consents button").click()
        press(frame, "start")
        someone.speak(4)
        for button in ("finish", "next", "submit"):
            press(frame, button)
        expect(frame.locator('[data-screen="done"]')).to_be_visible(timeout=60_000)
        assert someone.complaints == []
    assert invited.received("first").lost_ms == 0


def test_a_site_that_does_not_hand_the_camera_on_is_told(
    house: House, at_browser: AtBrowser, sites: list[CareersSite]
) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.page.goto(sites[1].framing(invited.url))
        frame = someone.page.frame_locator("iframe")
        press(frame, "open-camera")
        expect(frame.locator('[data-screen="problem-denied"]')).to_be_visible()


def test_nobody_else_may_embed_it(
    house: House, at_browser: AtBrowser, sites: list[CareersSite]
) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.page.goto(sites[2].framing(invited.url))
        until(lambda: someone.complaints or someone.page.wait_for_timeout(100))
        assert "frame-ancestors" in someone.complaints[0]
        assert someone.page.frame_locator("iframe").locator("[data-screen]").count() == 0
