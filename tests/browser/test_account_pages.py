"""Sign-in, account, users and audit log in a real browser: by keyboard, both languages, narrow and wide, axe clean."""

import re
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from greenroom.adapters.database import Database
from greenroom.clock import now_utc
from greenroom.domain.access import Role
from tests import console_visitors
from tests.browser.console import assert_clean
from tests.console_visitors import PASSWORD, account
from tests.seeded import invite

pytestmark = pytest.mark.chromium
NASTY = "<img src=x onerror=document.title='taken'>"


def opened(
    browser: Browser, server: str, path: str, width: int, token: str | None = None
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    if token is not None:
        cookie = {"name": "greenroom_session", "value": token, "url": server}
        page.context.add_cookies([cookie])
    page.goto(server + path)
    return page, complaints


@pytest.mark.parametrize(("width", "language"), [(360, "zh-CN")])
def test_every_page_is_clean(
    browser: Browser, console_server: str, database: Database, width: int, language: str
) -> None:
    (interview,) = invite(database)
    with database.begin() as tx:
        tx.interviewers.assign(interview, ["wu.jun@example.com"])
    account(database, Role.INTERVIEWER, login="wu-jun")
    admin = console_visitors.signed_in(database, Role.ADMIN)
    page, complaints = opened(browser, console_server, f"/console?lang={language}", width)
    assert_clean(page, f"sign-in-{width}-{language}")
    page.close()
    page, complaints = opened(
        browser, console_server, f"/console/account?lang={language}", width, admin.token
    )
    for path, name in (
        ("/console/account", "account"),
        ("/console/users", "users"),
        ("/console/mails", "mails"),
        ("/console/mails/invitation_created", "mail"),
        ("/console/audit", "audit"),
        (f"/console/interviews/{interview}", "interviewers"),
    ):
        page.goto(f"{console_server}{path}?lang={language}")
        assert page.evaluate("document.documentElement.lang") == language
        assert_clean(page, f"{name}-{width}-{language}")
    assert complaints == []
    page.close()


def test_in_by_keyboard_with_an_authenticator_app(
    browser: Browser, console_server: str, database: Database
) -> None:
    account(database, Role.HR, login="zhou", password=PASSWORD)
    page, _ = opened(browser, console_server, "/console?lang=en", 1280)
    page.locator("#login").focus()
    page.keyboard.type("zhou")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/interviews")
    page.get_by_role("link", name="Hr Zhou").press("Enter")
    page.wait_for_url("**/console/account")  # each page offers a secret of its own
    page.wait_for_load_state()
    totp = pyotp.TOTP(page.locator(".enrol .secret").inner_text())
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    page.locator("#code").press_sequentially(totp.at(now_utc()))
    page.locator("#code").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your authenticator app is set up.")
    page.get_by_role("button", name="Sign out", exact=True).press("Enter")
    page.wait_for_url("**/console")
    page.locator("#login").fill("zhou")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Code of your authenticator app")
    assert_clean(page, "code-1280-en")
    page.locator("#code").fill("000000")
    page.locator("#code").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("code_wrong")
    # The step after the one that setting up has used is good already.
    page.locator("#code").fill(totp.at(now_utc() + timedelta(seconds=totp.interval)))
    page.locator("#code").press("Enter")
    page.wait_for_url("**/console/interviews")
    page.close()


def test_a_user_is_added_and_an_interviewer_assigned(
    browser: Browser, console_server: str, database: Database
) -> None:
    (interview,) = invite(database)
    admin = console_visitors.signed_in(database, Role.ADMIN)
    page, complaints = opened(browser, console_server, "/console/users?lang=en", 1280, admin.token)
    page.get_by_label("User name").fill("wu")
    page.get_by_label("Name", exact=True).fill(NASTY)
    page.locator("#add-email").fill("wu@example.com")
    page.get_by_role("button", name="Add a user").press("Enter")
    password = page.get_by_role("status").locator("code").inner_text()
    assert page.title() != "taken"
    assert_clean(page, "users-added-1280-en")
    page.goto(f"{console_server}/console/interviews/{interview}")
    page.get_by_label("Mail addresses").fill("wu@example.com")
    page.locator("form", has=page.locator("#interviewers-list")).get_by_role("button").press(
        "Enter"
    )
    page.wait_for_url(re.compile("#interviewers$"))
    page.get_by_role("button", name="Sign out", exact=True).press("Enter")
    page.wait_for_url("**/console")
    page.locator("#login").fill("wu")
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/console/interviews")
    expect(page.get_by_role("link", name="李明")).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)
    assert complaints == []
    page.close()
