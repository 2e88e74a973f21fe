"""Every page of HR's console over the whole platform: with nothing, with two interviews, with 10,000; and in trouble.

`make test` opens each page with nothing and with two. `make test-console` opens each in both languages, at three
widths, in both themes, and leaves the pictures in artefacts/console for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom_local.platform import PocketPlatform
from tests.browser import sizes
from tests.browser.looks import EVERY_LOOK, WHOLE, Look, assert_all_clean
from tests.seeded import MODEL, TEMPLATE

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

FILLED: dict[str, Callable[[Database, ObjectStore], list[str]]] = {
    "empty": lambda database, store: [],
    "two": sizes.two,
    "season": sizes.season,
}
CHOSEN = [(size, look) for size in FILLED for look in EVERY_LOOK]
LEAN = [("empty", Look("zh-CN", 360, "dark")), ("two", Look("en", 1280, "light"))]
ALWAYS = {
    "batches": "batches",
    "batch-new": "batches/new",
    "list": "interviews",
    "list-nothing-found": "interviews?state=expired&total_score%3E=99.9",
    "list-wrong": "interviews?sort=nonsense",
    "monitoring": "monitoring",
    "mails": "mails",
    "mail": "mails/invitation_created",
    "templates": "settings/templates",
    "bank": "settings/bank",
    "policies": "settings/policies",
    "mappings": "settings/mappings",
    "modules": "settings/modules",
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


@pytest.fixture(scope="module")
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """A whole platform with a company of one size in it."""
    folder = tmp_path_factory.mktemp("platform")
    with PocketPlatform(folder, ports="free", workers=False) as platform:
        database = platform.database()
        ids = FILLED[request.param](database, platform.object_store())
        own = _of_interviews(database, ids) if ids else {}
        # In a hurry, what is the same with nothing in it is looked at there.
        pages = ALWAYS | own if WHOLE or not own else own
        yield Company(request.param, platform.url, database, pages)
        database.close()


def _of_interviews(database: Database, ids: list[str]) -> dict[str, str]:
    with database.begin() as tx:
        batch = tx.interviews.get(ids[0]).batch_id
        endpoints = tx.webhooks.endpoints()
    return {
        "interview": f"interviews/{ids[0]}",
        "interview-not-begun": f"interviews/{ids[1]}",
        "desk": f"interviews/{ids[0]}/desk",
        "batch": f"batches/{batch}",
        "figures": f"batches/{batch}/figures",
        "template": f"settings/templates/{TEMPLATE.id}",
        "model": f"settings/models/{MODEL.id}",
        "ranking": f"interviews?job={MODEL.id}&sort=-total_score",
        **({"endpoint": f"settings/webhooks/{endpoints[0].id}"} if endpoints else {}),
    }


@pytest.mark.parametrize(
    ("company", "look"),
    CHOSEN if WHOLE else LEAN,
    indirect=["company"],
    ids=str,
)
def test_every_page_is_clean(browser: Browser, company: Company, look: Look) -> None:
    assert_all_clean(browser, company.url, company.database, look, company.pages, company.size)
