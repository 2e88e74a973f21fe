"""过程指标 in a real browser: both languages, narrow and wide; axe finds nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from greenroom.adapters.database import Database
from greenroom.domain.events import EventType
from tests.browser.console import assert_clean, signed_in
from tests.seeded import invite

pytestmark = pytest.mark.chromium


@pytest.mark.parametrize(("language", "width"), [("en", 1280)])
def test_the_page_of_figures_is_clean(
    browser: Browser, console_server: str, database: Database, language: str, width: int
) -> None:
    interviews = invite(database, [f"候选人{number}" for number in range(10)])
    with database.begin() as tx:
        batch = tx.interviews.get(interviews[0]).batch_id
        for number, interview in enumerate(interviews):
            for kind in list(EventType)[1 : 1 + number]:
                tx.process_log.append(interview, kind)
    page = signed_in(browser, console_server, database, width)
    page.goto(f"{console_server}/console/batches/{batch}/figures?lang={language}")
    expect(page.locator("#funnel-table tbody tr")).to_have_count(9)
    expect(page.locator("svg.funnel")).to_be_visible(visible=width > 704)
    assert_clean(page, f"figures-{language}-{width}")
