"""The list in a real browser: filtered by mouse, acted on by keyboard, clean when narrow, wide and very wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from greenroom.adapters.database import Database
from tests.browser.console import assert_clean, signed_in
from tests.seeded import invite

pytestmark = pytest.mark.chromium
NASTY = "<img src=x onerror=document.title='taken'>"


def test_filtering_by_mouse_and_a_reminder_by_keyboard(
    browser: Browser, console_server: str, database: Database
) -> None:
    ids = invite(database, ["李明", NASTY, "王芳"])
    with database.begin() as tx:
        for interview, score in zip(ids, (91.0, 84.0, 62.0), strict=True):
            tx.interviews.record_score(interview, score, {"communication": score})
    page = signed_in(browser, console_server, database, 1280)
    complaints: list[str] = []
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    page.get_by_label("Job").select_option("store-manager")
    page.get_by_label("Score of").select_option("communication")
    page.get_by_role("spinbutton", name="Score").fill("80")
    page.get_by_label("Sort").select_option("-score[communication]")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    expect(page.locator(".place").first).to_have_text("1")
    for width, language in ((360, "zh-CN"), (1280, "en"), (3840, "zh-CN")):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{page.url.partition('&lang=')[0]}&lang={language}")
        assert_clean(page, f"list-{width}-{language}")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{page.url.partition('&lang=')[0]}&lang=en")
    page.get_by_role("link", name="Communication ≥ 80").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)

    with page.expect_download() as awaited:
        page.get_by_role("link", name="Download as Excel").click()
    assert awaited.value.suggested_filename == "interviews.xlsx"
    assert awaited.value.path().read_bytes().startswith(b"PK")

    page.get_by_label("Tick every interview of this page").focus()
    page.keyboard.press("Space")
    expect(page.locator("#ticked")).to_have_text("Ticked: 3")
    page.get_by_label("Tick the interview of 王芳").focus()
    page.keyboard.press("Space")
    expect(page.locator("#ticked")).to_have_text("Ticked: 2")
    page.get_by_role("button", name="Continue").press("Enter")
    expect(page.get_by_text("This concerns 2 interviews.")).to_be_visible()
    assert_clean(page, "bulk-1280-en")
    page.get_by_label("Reason").focus()
    page.keyboard.type("Friday")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Send a reminder")
    expect(page.locator("p[role=status]")).to_have_text("Done: 2 · as it was: 0 · refused: 0")
    assert_clean(page, "bulk-done-1280-en")
    assert page.title() != "taken"
    assert complaints == []
    page.close()
