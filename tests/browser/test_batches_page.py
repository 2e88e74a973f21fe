"""A batch from the empty form to the last mail in a real browser: once by mouse, once by keyboard; axe clean."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from greenroom.adapters.database import Database
from tests import console_visitors
from tests.browser.console import assert_clean
from tests.seeded import MODEL, TEMPLATE

pytestmark = pytest.mark.chromium
SHEET = "编号,姓名,邮箱\nc1,李明,li@example.com\nc2,<b>王</b>,wang@example.com\nc3,赵,nowhere\n"
DEADLINE = (datetime.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")  # noqa: DTZ005  (typed)


@pytest.fixture
def catalogue(database: Database) -> None:
    with database.begin() as tx:
        tx.catalogue.save_template(TEMPLATE)
        tx.catalogue.save_model(MODEL)


def opened(
    browser: Browser, server: str, database: Database, width: int, language: str
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    token = console_visitors.signed_in(database).token
    page.context.add_cookies([{"name": "greenroom_session", "value": token, "url": server}])
    page.goto(f"{server}/console/batches?lang={language}")
    return page, complaints


def test_by_mouse_with_a_file_and_watched(
    browser: Browser, console_server: str, database: Database, catalogue: None, tmp_path: Path
) -> None:
    page, _ = opened(browser, console_server, database, 1280, "en")
    assert_clean(page, "batches-empty-1280-en")
    page.get_by_role("link", name="New batch").click()
    page.locator("[name=deadline]").fill(DEADLINE)
    sheet = tmp_path / "candidates.csv"
    sheet.write_bytes(SHEET.encode("gb18030"))
    page.locator("#sheet-file").set_input_files(sheet)
    expect(page.locator("[name=candidates]")).to_have_value(SHEET)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#comes-to + p")).to_have_text("2 candidates, 1 row not taken")
    assert_clean(page, "batch-new-1280-en")
    page.locator("[name=keep-1]").uncheck()
    page.get_by_role("button", name="Send the invitations").click()
    page.wait_for_url("**/console/batches/bat_*")
    expect(page.locator("[data-count=waiting]")).to_have_text("2")
    assert_clean(page, "batch-1280-en")
    batch = page.url.rsplit("/", 1)[1]
    with database.begin() as tx:
        assert [item.id for item in tx.batches.get(batch).plan.template.questions] == [
            "coordination"
        ]
        assert tx.batches.finish(batch)
    page.reload()
    page.close()


def test_by_keyboard_in_chinese_on_a_phone(
    browser: Browser, console_server: str, database: Database, catalogue: None
) -> None:
    page, complaints = opened(browser, console_server, database, 360, "zh-CN")
    page.get_by_role("link", name="新建批次").press("Enter")
    page.wait_for_url("**/console/batches/new")
    page.locator("[name=candidates]").focus()
    page.keyboard.insert_text(SHEET.replace("nowhere", "zhao@example.com"))
    page.locator("[name=deadline]").fill("2020-01-01T10:00")
    page.get_by_role("button", name="检查").press("Enter")
    page.wait_for_url("**/console/batches")
    page.get_by_role("button", name="发送邀请").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_clean(page, "batch-new-360-zh-CN")
    page.locator("[name=deadline]").fill(DEADLINE)
    page.get_by_role("button", name="检查").press("Enter")
    page.get_by_role("button", name="发送邀请").press("Enter")
    page.wait_for_url("**/console/batches/bat_*")
    assert_clean(page, "batch-360-zh-CN")
    page.goto(f"{console_server}/console/batches")
    assert_clean(page, "batches-360-zh-CN")
    assert [said for said in complaints if "422" not in said] == []
    page.close()
