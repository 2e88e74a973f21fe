"""Every page of HR's console over the whole platform: with nothing, with two interviews, with 10,000; and in trouble.

`make test` opens each page once per size. `make test-console` opens each in both languages, at three widths, in both
themes, and leaves the pictures in artefacts/console for people to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from greenroom_local.platform import PocketPlatform
from tests import console_visitors
from tests.browser import sizes
from tests.browser.console import assert_clean
from tests.seeded import MODEL

pytestmark = [pytest.mark.chromium, pytest.mark.slow]


@dataclass(frozen=True)
class Look:
    """How a page is opened."""

    language: str
    width: int
    theme: str

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{self.theme}"


EVERY_LOOK = [Look(*one) for one in product(("zh-CN", "en"), (360, 1280, 3840), ("light", "dark"))]
LEAN = {
    "empty": [Look("zh-CN", 360, "light")],
    "two": [Look("en", 1280, "dark")],
    "season": [Look("zh-CN", 360, "dark")],
}
FILLED: dict[str, Callable[[Database, ObjectStore], list[str]]] = {
    "empty": lambda database, store: [],
    "two": sizes.two,
    "season": sizes.season,
}
WHOLE = bool(os.environ.get("GREENROOM_TEST_CONSOLE"))
ALWAYS = {
    "batches": "batches",
    "batch-new": "batches/new",
    "list": "interviews",
    "list-nothing-found": "interviews?state=expired&total_score%3E=99.9",
    "list-wrong": "interviews?sort=nonsense",
    "monitoring": "monitoring",
    "mails": "mails",
    "mail": "mails/invitation_created",
    "models": "settings/models",
    "webhooks": "settings/webhooks",
    "keys": "settings/keys",
    "users": "users",
    "audit": "audit",
    "account": "account",
    "missing": "interviews/itv_nobody",
}
"""Pages that stand whatever there is, and the two troubles that a link may run into."""


@dataclass(frozen=True)
class Company:
    size: str
    url: str
    database: Database
    pages: dict[str, str]


@pytest.fixture(scope="module", params=list(FILLED))
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """A whole platform with a company of one size in it."""
    with PocketPlatform(tmp_path_factory.mktemp("platform"), ports="free") as platform:
        database = platform.database()
        ids = FILLED[request.param](database, platform.object_store())
        pages = dict(ALWAYS)
        if ids:
            with database.begin() as tx:
                batch = tx.interviews.get(ids[0]).batch_id
            pages |= {
                "interview": f"interviews/{ids[0]}",
                "interview-not-begun": f"interviews/{ids[1]}",
                "desk": f"interviews/{ids[0]}/desk",
                "batch": f"batches/{batch}",
                "figures": f"batches/{batch}/figures",
                "model": f"settings/models/{MODEL.id}",
                "ranking": f"interviews?job={MODEL.id}&sort=-total_score",
            }
        yield Company(request.param, platform.url, database, pages)
        database.close()


def looks() -> list[Look]:
    return (
        EVERY_LOOK if WHOLE else sorted({look for some in LEAN.values() for look in some}, key=str)
    )


@pytest.mark.parametrize("look", looks(), ids=str)
def test_every_page_is_clean(browser: Browser, company: Company, look: Look) -> None:
    if not WHOLE and look not in LEAN[company.size]:
        pytest.skip("make test-console opens every page in every look")
    visitor = console_visitors.signed_in(company.database, Role.ADMIN)
    context = browser.new_context(
        viewport={"width": look.width, "height": 900},
        color_scheme=look.theme,  # type: ignore[arg-type]
        service_workers="block",
    )
    context.add_cookies([{"name": "greenroom_session", "value": visitor.token, "url": company.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    unclean = {}
    for name, path in company.pages.items():
        joined = "&" if "?" in path else "?"
        page.goto(f"{company.url}/console/{path}{joined}lang={look.language}")
        try:
            assert_clean(page, f"{company.size}-{name}-{look}")
            assert_translated(page, look.language)
        except AssertionError as error:
            unclean[name] = str(error)
    context.close()
    assert unclean == {}
    expected = re.compile("status of (404|422)")  # the pages in trouble
    assert [said for said in complaints if not expected.search(said)] == []


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
