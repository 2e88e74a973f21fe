"""The list of interviews in Chromium with 10,000 interviews, against the same page of an empty console.

From the navigation's start to the first paint of content, and to the end of `DOMContentLoaded`: then the page's
script, which is deferred, has run and every control answers. The page is the first one, of 50, newest first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.interview_list import fill
from benchmarks.table import alternate, heading, row
from greenroom.adapters.database import Database
from tests.browser.serving import CHROMIUM
from tests.console_visitors import signed_in
from tests.pocket import Pocket, pocket_store
from tests.seeded import environment

INTERVIEWS = 10_000
RUNS = 15
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        with (
            pocket_store(Path(folder) / "store") as pocket,
            served(pocket, _filled(Path(folder) / "full.sqlite", INTERVIEWS), browser) as full,
            served(pocket, _filled(Path(folder) / "empty.sqlite", 0), browser) as empty,
        ):
            for page, rows in ((full, 50), (empty, 0)):
                page.reload()  # the first visit brings style sheets and scripts
                assert page.locator("tbody tr").count() == rows
            heading()
            paint = _ratio("first paint", full, empty, PAINTED)
            ready = _ratio("to interaction", full, empty, READY)
        browser.close()
    return {"console_10000_vs_empty_paint": paint, "console_10000_vs_empty_interaction": ready}


def _ratio(what: str, full: Page, empty: Page, moment: str) -> float:
    found = alternate(RUNS, ours=lambda: _ms(full, moment), floor=lambda: _ms(empty, moment))
    return row(f"list of {INTERVIEWS}, {what}", found["ours"], found["floor"], "ms", 2)


def _ms(page: Page, moment: str) -> float:
    """Milliseconds from the beginning of a reload."""
    page.reload()
    found: float | None = None
    while found is None:  # a frame later than the load, where the machine is busy
        found = page.evaluate(f"new Promise(requestAnimationFrame).then(() => {moment} ?? null)")
    return found


def _filled(path: Path, interviews: int) -> str:
    """The URL of a database of so many interviews."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    if interviews:
        fill(database, interviews)
    database.close()
    return f"sqlite:///{path}"


@contextmanager
def served(
    pocket: Pocket, database_url: str, browser: Browser, path: str = "interviews"
) -> Iterator[Page]:
    """A console of its own over a database, with a page of it opened by somebody from HR."""
    database = Database(database_url)
    database.migrate()
    visitor = signed_in(database)
    database.close()
    settings = {**os.environ, **environment(database_url), **pocket.environment}
    command = [sys.executable, "-m", "greenroom.host.http", "--functions", "console"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=settings) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        cookie = {"name": "greenroom_session", "value": visitor.token, "url": url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        try:
            page.goto(f"{url}/console/{path}")
            yield page
        finally:
            page.close()
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
