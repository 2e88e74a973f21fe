"""Pages with hostile texts in a real browser: no script of theirs runs, no element of theirs is there."""

import pytest
from playwright.sync_api import Browser

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from tests import console_visitors
from tests.hostile import INVITED, Texts, hostile_company
from tests.seeded import BATCH, MODEL, TEMPLATE

pytestmark = pytest.mark.chromium


def test_no_text_runs_or_becomes_an_element(
    browser: Browser, console_server: str, database: Database, store: ObjectStore
) -> None:
    interview = hostile_company(database, store, Texts())
    admin = console_visitors.signed_in(database, Role.ADMIN)
    page = browser.new_page()
    page.add_init_script("window.ran = 0; window.xss = () => { window.ran += 1 }")
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.context.add_cookies(
        [{"name": "greenroom_session", "value": admin.token, "url": console_server}]
    )
    for path in (
        "interviews",
        "monitoring",
        f"interviews/{interview}",
        f"interviews/{INVITED}",
        f"interviews/{interview}/desk",
        f"batches/{BATCH}",
        f"batches/{BATCH}/figures",
        "batches/new",
        "mails/invitation_created",
        f"settings/models/{MODEL.id}",
        f"settings/templates/{TEMPLATE.id}",
        "settings/bank",
        "settings/mappings/ours-1",
        "users",
        "audit",
    ):
        page.goto(f"{console_server}/console/{path}", wait_until="load")
        for frame in page.frames:
            assert frame.evaluate("document.querySelectorAll('[onerror]').length") == 0, path
            names = frame.evaluate(
                "[...document.querySelectorAll('*')].map((one) => one.localName)"
            )
            assert not [name for name in names if name.startswith("xss")], path
        assert page.evaluate("window.ran") == 0, path
    assert [text for text in complaints if "Content Security Policy" in text] == []
    page.close()
