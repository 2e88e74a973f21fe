"""HR at a real browser: signed in, and what every page of the console is held to."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from greenroom.adapters.database import Database
from tests import console_visitors

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARTEFACTS = ROOT / "artefacts" / "console"
TALLEST = 3000
"""Pixels of a page that its picture shows: the rest of a long list looks the same."""


def signed_in(browser: Browser, server: str, database: Database, width: int) -> Page:
    """A page of somebody from HR, at the list of interviews, in English."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    visitor = console_visitors.signed_in(database)
    page.context.add_cookies([{"name": "greenroom_session", "value": visitor.token, "url": server}])
    page.goto(f"{server}/console/interviews?lang=en")
    return page


def assert_clean(page: Page, name: str) -> None:
    """A picture for people, axe for the rules, the width for phones."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    whole = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": tall}  # type: ignore[index]
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, clip=whole)  # type: ignore[arg-type]
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], rules: {'scrollable-region-focusable': {enabled: true}}})"
        ".then((result) => result.violations.map((one) => [one.id, one.nodes[0].target]))"
    )
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
