"""How a page of the console is looked at: a language, a width, a theme; and a walk through many pages."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from playwright.sync_api import Browser, Page

from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from tests import console_visitors
from tests.browser.console import assert_clean

WHOLE = bool(os.environ.get("GREENROOM_TEST_CONSOLE"))
"""`make test-console`: every look and every task; `make test` takes some of them."""
TROUBLE = re.compile("status of (404|422)")
"""What the browser says of pages that are opened to see how they tell of a mistake."""


@dataclass(frozen=True)
class Look:
    language: str
    width: int
    theme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{self.theme}"


LANGUAGES, WIDTHS = ("zh-CN", "en"), (360, 1280, 3840)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EVERY_LOOK = [Look(*one) for one in product(LANGUAGES, WIDTHS, THEMES)]


def assert_all_clean(
    browser: Browser,
    url: str,
    database: Database,
    look: Look,
    pages: Mapping[str, str],
    prefix: str,
) -> None:
    """An administrator opens each of `pages` (paths under /console by name); every one is seen before it fails."""
    visitor = console_visitors.signed_in(database, Role.ADMIN)
    context = browser.new_context(
        viewport={"width": look.width, "height": 900}, color_scheme=look.theme
    )
    context.add_cookies([{"name": "greenroom_session", "value": visitor.token, "url": url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    unclean = {}
    for name, path in pages.items():
        page.goto(f"{url}/console/{path}{'&' if '?' in path else '?'}lang={look.language}")
        try:
            assert_clean(page, f"{prefix}-{name}-{look}")
            assert_translated(page, look.language)
        except AssertionError as error:
            unclean[name] = str(error)
    context.close()
    assert unclean == {}
    assert [said for said in complaints if not TROUBLE.search(said)] == []


def assert_translated(page: Page, language: str) -> None:
    """The language that was asked for, and no key of the catalogue in the place of its words."""
    assert page.evaluate("document.documentElement.lang") == language
    words = page.evaluate(
        """() => {
          const page = document.body.cloneNode(true);
          for (const quoted of page.querySelectorAll("code, pre, script, [href^='?action=']")) quoted.remove();
          return page.textContent;
        }"""
    )
    keys = re.findall(r"(?<![\w./@-])[a-z_]+\.[a-z_]+(?:\.[a-z_]+)*(?![\w./@-])", words)
    assert [key for key in keys if not key.endswith(".com")] == []
