"""What HR does in a day, over the whole platform with 10,000 interviews: each task by mouse, and by keyboard alone.

`make test` takes some of the tasks by keyboard, `make test-console` all by both hands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from greenroom.adapters.database import Database
from greenroom.clock import now_utc
from greenroom.domain.access import Role
from greenroom_local.platform import PocketPlatform
from tests import console_visitors
from tests.browser import sizes
from tests.browser.hands import Hand, Keyboard, Mouse
from tests.browser.looks import WHOLE, Look, assert_all_clean
from tests.browser.recorder.candidate import until
from tests.console_visitors import PASSWORD
from tests.seeded import MODEL

pytestmark = [pytest.mark.chromium, pytest.mark.slow]
thorough = pytest.mark.skipif(not WHOLE, reason="every task by both hands: make test-console")
LATER = (datetime.now() + timedelta(days=12)).strftime("%Y-%m-%dT10:00")  # noqa: DTZ005  (typed)


@dataclass(frozen=True)
class Company:
    platform: PocketPlatform
    database: Database
    recorded: str
    """The interview with recordings and scores."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with PocketPlatform(tmp_path_factory.mktemp("platform"), ports="free") as platform:
        database = platform.database()
        recorded, *_ = sizes.season(database, platform.object_store())
        yield Company(platform, database, recorded)
        database.close()


@pytest.fixture(
    params=[pytest.param(Mouse, marks=thorough, id="mouse"), pytest.param(Keyboard, id="keyboard")]
)
def hand(request: pytest.FixtureRequest) -> Hand:
    return request.param()


@dataclass
class Desk:
    """Somebody who is signed in, at a page."""

    page: Page
    url: str

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}/console/{path}")
        return self.page


def at_work(
    browser: Browser, company: Company, role: Role = Role.ADMIN, email: str | None = None
) -> Desk:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    visitor = console_visitors.signed_in(company.database, role, email=email)
    url = company.platform.url
    context.add_cookies(
        [
            {"name": "greenroom_session", "value": visitor.token, "url": url},
            {"name": "greenroom_language", "value": "en", "url": url},
        ]
    )
    return Desk(context.new_page(), url)


def test_a_batch_with_its_own_wording_goes_out(
    browser: Browser, company: Company, hand: Hand
) -> None:
    desk = at_work(browser, company)
    page = desk.open("batches")
    hand.press(page.get_by_role("link", name="New batch"))
    who = type(hand).__name__.lower()
    rows = "".join(f"{who}-{n},候选人{n},{who}{n}@example.com\n" for n in range(3))
    hand.write(page.locator("[name=deadline]"), LATER)
    hand.write(page.locator("[name=candidates]"), f"external_id,name,email\n{rows}")
    hand.press(page.get_by_role("button", name="Check"))
    expect(page.locator("#comes-to + p")).to_have_text("3 candidates")
    hand.write(page.locator("[name=text-0-en]"), f"What did you do as a {who}?")
    hand.press(page.get_by_role("button", name="Check"))
    with page.expect_popup() as opened:
        hand.press(page.get_by_role("link", name="Look at the invitation"))
    mail = opened.value
    expect(mail.frame_locator(".mail-frame").locator("body")).to_contain_text("Go to my interview")
    mail.close()
    hand.press(page.get_by_role("button", name="Send the invitations"))
    page.wait_for_url("**/console/batches/bat_*")
    expect(page.locator(".asked")).to_contain_text(f"What did you do as a {who}?")
    expect(page.locator("[data-count=sent]")).to_have_text("3", timeout=30_000)
    hand.press(page.get_by_role("link", name="Process figures"))
    expect(page.locator("#funnel-table tbody tr").first).to_contain_text("3")
    page.context.close()


def test_the_best_of_ten_thousand_are_found_and_taken_away(
    browser: Browser, company: Company, hand: Hand
) -> None:
    page = at_work(browser, company).open("interviews")
    hand.choose(page.get_by_label("State"), "scored")
    hand.choose(page.get_by_label("Job"), "Store manager")
    hand.choose(page.get_by_label("Score of"), "Communication")
    hand.write(page.get_by_role("spinbutton", name="Score"), "99")
    hand.choose(page.get_by_label("Sort"), "Communication, best first")
    hand.press(page.get_by_role("button", name="Filter", exact=True))
    expect(page.locator(".place").first).to_have_text("1")
    found = page.get_by_role("rowheader").count()
    assert 0 < found <= 50
    hand.press(page.get_by_role("link", name="中文"))
    expect(page.get_by_role("rowheader")).to_have_count(found)
    hand.press(page.get_by_role("link", name="English"))
    with page.expect_download() as awaited:
        hand.press(page.get_by_role("link", name="Download as CSV"))
    assert len(awaited.value.path().read_bytes().decode("utf-8-sig").splitlines()) > found
    page.context.close()


@thorough
@pytest.mark.parametrize("action", ["Send a reminder", "Extend the deadline"])
def test_many_are_handled_at_once(
    browser: Browser, company: Company, hand: Hand, action: str
) -> None:
    page = at_work(browser, company).open("interviews?state=in_progress&limit=20")
    for place in (0, 2):
        hand.tick(page.locator("tbody input[type=checkbox]").nth(place))
    expect(page.locator("#ticked")).to_have_text("Ticked: 2")
    hand.choose(page.get_by_role("combobox", name="Action"), action)
    hand.press(page.get_by_role("button", name="Continue"))
    if action == "Extend the deadline":
        hand.write(page.locator("#deadline"), LATER)
    hand.press(page.get_by_role("button", name="Do it for 2 interviews"))
    expect(page.locator("p[role=status]")).to_contain_text("refused: 0")
    hand.press(page.locator(".languages").get_by_role("link", name="中文"))
    expect(page.get_by_role("heading", level=1)).to_have_text("面试")
    page.context.close()


def test_a_thousand_running_interviews_are_sifted(
    browser: Browser, company: Company, hand: Hand
) -> None:
    page = at_work(browser, company).open("monitoring")
    shown = page.locator("#rows tr:visible")
    hand.choose(page.get_by_label("Show"), "What is worth a look")
    expect(shown).to_have_count(page.locator("#rows tr[data-alarm]").count())
    hand.choose(page.get_by_label("Show"), "Everything")
    hand.write(page.get_by_label("Find"), "Hohenzollern")
    expect(shown).to_have_count(2)
    assert shown.first.locator(".spark polyline").count() == 3
    hand.write(page.get_by_label("Find"), "")
    hand.press(page.locator(".alarms a").first)
    page.wait_for_url("**/console/interviews/itv_*")
    page.context.close()


def test_two_reviewers_see_each_other_only_when_both_have_submitted(
    browser: Browser, company: Company, hand: Hand
) -> None:
    who = type(hand).__name__.lower()
    mails = [f"{who}-{name}@example.com" for name in ("wu", "he")]
    with company.database.begin() as tx:
        tx.interviewers.assign(company.recorded, mails)
    for mail, points in zip(mails, ("9", "3"), strict=True):
        page = at_work(browser, company, Role.INTERVIEWER, mail).open("interviews")
        hand.press(page.get_by_role("link", name="李明"))
        hand.press(page.get_by_role("link", name="Open the reviewer's desk"))
        hand.press(page.locator("a[data-chapter=sheet]"))
        expect(page.locator("#answer-coordination")).to_be_hidden()
        hand.press(page.locator(".evaluation .suggested a").first)
        expect(page.locator("#answer-coordination")).to_be_visible()
        assert "what-the-first-thought" not in page.content()
        for competency in MODEL.competencies:
            hand.tick(page.locator(f"[name=points-{competency.id}][value='{points}']"))
        hand.write(page.locator("#note"), f"what-the-first-thought {who}")
        hand.tick(page.locator("[name=recommendation][value=undecided]"))
        hand.press(page.get_by_role("button", name="Submit"))
        expect(page.locator(".evaluation .note.good")).to_be_visible()
        if points == "3":
            expect(page.locator(".spread").first).to_contain_text("9")
        page.context.close()


@thorough
def test_a_score_is_overridden_and_a_decision_taken(
    browser: Browser, company: Company, hand: Hand
) -> None:
    page = at_work(browser, company).open(f"interviews/{company.recorded}/desk")
    service = page.get_by_role("article", name="Customer service")
    hand.press(service.locator(".override-form summary"))
    hand.write(service.get_by_label("Score (0–100)"), "82.5")
    hand.write(service.locator("[name=reason]"), "The accent misled the measurement")
    hand.press(service.get_by_role("button").first)
    expect(service.locator(".override").first).to_contain_text("The accent misled")
    hand.tick(page.locator("#decision input[value=advance]"))
    hand.write(page.locator("#decision-reason"), f"Clear, said the {type(hand).__name__}")
    hand.press(page.get_by_role("button", name="Save decision"))
    expect(page.locator(".decisions")).to_contain_text(f"Clear, said the {type(hand).__name__}")
    page.context.close()


@thorough
def test_weights_an_endpoint_and_a_key_are_set(
    browser: Browser, company: Company, hand: Hand
) -> None:
    who = type(hand).__name__
    page = at_work(browser, company).open("settings/models")
    hand.press(page.get_by_role("link", name="Store manager"))
    weights = ("70", "30") if who == "Mouse" else ("55", "45")
    for competency, weight in zip(MODEL.competencies, weights, strict=True):
        hand.write(page.locator(f'[id="weight.{competency.id}"]'), weight)
    hand.press(page.get_by_role("button", name="Save as a new version"))
    expect(page.get_by_role("status")).to_contain_text("Saved as version")

    hand.press(page.get_by_role("link", name="Webhook endpoints"))
    hand.write(page.locator("#url"), f"{company.platform.mailbox_url}/{who}")
    hand.press(page.get_by_role("button", name="Add an endpoint"))
    expect(page.get_by_role("status").locator("code")).to_contain_text("whsec_")
    hand.press(page.get_by_role("link", name="https://ehr.example.com"))
    hand.press(page.get_by_role("navigation", name="State").get_by_role("link", name="given up"))
    hand.press(page.locator("tbody th a").nth(0 if who == "Mouse" else 1))
    hand.press(page.get_by_role("button", name="Send again"))
    expect(page.locator("h1 + p .badge")).to_have_text("pending")

    hand.press(page.get_by_role("link", name="API keys"))
    hand.write(page.get_by_label("Name", exact=True), f"Key of the {who}")
    hand.tick(page.get_by_label("reads interviews and results"))
    hand.press(page.get_by_role("button", name="Make a key"))
    expect(page.get_by_role("status").locator("code")).to_contain_text("gr_")
    page.context.close()


@thorough
def test_a_user_gets_a_role_and_the_log_remembers(
    browser: Browser, company: Company, hand: Hand
) -> None:
    who = type(hand).__name__.lower()
    console_visitors.account(company.database, Role.HR, login=f"a-{who}", email=f"{who}@hr.example")
    page = at_work(browser, company).open("users")
    row = page.get_by_role("row").filter(has_text=f"{who}@hr.example")
    hand.choose(row.locator("select"), "Auditor")
    hand.press(row.get_by_role("button", name="Save"))
    expect(row.locator("select")).to_have_value("auditor")
    hand.press(page.get_by_role("link", name="Audit log"))
    hand.write(page.get_by_role("textbox", name="What", exact=True), "user.role_changed")
    hand.press(page.get_by_role("button", name="Filter"))
    expect(page.locator("tbody tr").first).to_contain_text("auditor")
    page.context.close()


@thorough
def test_in_with_a_password_and_a_code(browser: Browser, company: Company, hand: Hand) -> None:
    login = f"zhou-{type(hand).__name__.lower()}"
    console_visitors.account(company.database, Role.HR, login=login, password=PASSWORD)
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{company.platform.url}/console?lang=en")

    def enter() -> None:
        hand.write(page.locator("#login"), login)
        hand.write(page.locator("#password"), PASSWORD)
        hand.press(page.get_by_role("button", name="Sign in"))

    enter()
    page.wait_for_url("**/console/interviews")
    hand.press(page.get_by_role("link", name="Hr Zhou"))
    page.wait_for_url("**/console/account")
    page.wait_for_load_state()
    totp = pyotp.TOTP(page.locator(".enrol .secret").inner_text())
    hand.write(page.locator("#code"), totp.at(now_utc()))
    hand.press(page.get_by_role("button", name="Switch on"))
    expect(page.get_by_role("status")).to_have_text("Your authenticator app is set up.")
    hand.press(page.get_by_role("button", name="Sign out", exact=True))
    page.wait_for_url("**/console")
    enter()
    expect(page.get_by_role("heading", level=1)).to_have_text("Code of your authenticator app")
    # The step after the one that setting up has used is good already.
    hand.write(page.locator("#code"), totp.at(now_utc() + timedelta(seconds=totp.interval)))
    hand.press(page.get_by_role("button", name="Sign in"))
    page.wait_for_url("**/console/interviews")
    context.close()


def test_long_lists_are_clean(browser: Browser, company: Company) -> None:
    lists = ("interviews", "settings/webhooks", "audit")
    pages = {path.rpartition("/")[2]: path for path in lists}
    look = Look("zh-CN", 360, "dark")
    assert_all_clean(browser, company.platform.url, company.database, look, pages, "many")


def test_a_server_that_is_gone_is_told_and_comes_back(browser: Browser, company: Company) -> None:
    page = at_work(browser, company).open("monitoring")
    page.route(re.compile("monitoring/changes"), lambda route: route.abort())
    page.clock.install()
    until(lambda: page.clock.run_for(5000) or page.locator("#stale").is_visible())
    expect(page.locator("#rows tr").first).to_be_visible()
    page.unroute_all()
    until(lambda: page.clock.run_for(5000) or page.locator("#stale").is_hidden())
    page.context.close()
