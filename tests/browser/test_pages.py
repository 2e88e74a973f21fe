"""The pages in a real browser: nothing blocked, nothing too wide, usable by keyboard, hostile text harmless."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from functions.console.app import app as console
from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from tests.browser.serving import serving
from tests.console_visitors import PASSWORD, account, signed_in
from tests.media_fixtures import VP8, MediaWorkshop, picture
from tests.recorded import record
from tests.seeded import TEMPLATE, SettableClock, candidate_token, invite, set_up

NASTY = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"

pytestmark = pytest.mark.chromium


@pytest.fixture
def server(platform: None) -> Iterator[str]:
    """Portal and console behind the HTTP host, on a free port."""
    for function in (portal, console):
        set_up(function, SettableClock())
    with serving(portal, console) as address:
        yield address


@dataclass
class Visit:
    """A page with everything that the browser complained about."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.page

    def fits(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture(params=[360, 1280], ids=["phone", "desk"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    visit = Visit(context.new_page(), server)
    visit.page.on(
        "console",
        lambda said: said.type in ("error", "warning") and visit.complaints.append(said.text),
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    context.close()


@pytest.fixture
def interview(database: Database) -> str:
    return invite(database)[0]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a minute of a moving test picture."""
    workshop = MediaWorkshop(tmp_path_factory.mktemp("recordings"))
    return workshop.make(".webm", picture(30, "160x120", 5), VP8).read_bytes()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_portal_loads_clean(visit: Visit, interview: str, language: str) -> None:
    page = visit.open(f"/i/{candidate_token(interview)}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("李明")
    assert page.evaluate("document.documentElement.lang") == language
    assert visit.fits()
    assert visit.complaints == []


def test_consents_by_keyboard_alone(visit: Visit, interview: str, database: Database) -> None:
    page = visit.open(f"/i/{candidate_token(interview)}?lang=en")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    recording = page.get_by_role("checkbox", name=re.compile("^Recording"))
    for _ in range(10):
        page.keyboard.press("Tab")
        if recording.evaluate("box => box === document.activeElement"):
            break
    expect(recording).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save my choices")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your choices are saved.")
    expect(recording).to_be_checked()
    with database.begin() as tx:
        given = tx.interviews.consents(interview)
    assert (given.recording, given.transcript, given.face, given.ai_scoring) == (
        True,
        False,
        False,
        True,
    )
    assert visit.complaints == []


def test_hostile_text_stays_text(visit: Visit, database: Database) -> None:
    question = TEMPLATE.questions[0].model_copy(update={"text": {"en": NASTY}, "hint": None})
    template = TEMPLATE.model_copy(update={"questions": [question]})
    (interview,) = invite(database, [NASTY], template=template)
    page = visit.open(f"/i/{candidate_token(interview)}?lang=en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.title() != "taken"
    assert visit.fits()
    assert visit.complaints == []


def test_a_bad_link_says_what_to_do(visit: Visit) -> None:
    page = visit.open("/i/nonsense?lang=en")
    expect(page.get_by_role("heading", name="What you can do")).to_be_visible()
    assert visit.fits()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_from_the_way_in_to_a_clip(
    visit: Visit,
    interview: str,
    database: Database,
    store: ObjectStore,
    language: str,
    recording: bytes,
) -> None:
    record(interview, database, store, recording)
    page = visit.open(f"/console?lang={language}")
    assert visit.fits()
    account(database, login="zhou", password=PASSWORD)
    page.locator("#login").focus()
    page.keyboard.type("zhou")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/interviews")
    assert visit.fits()
    page.get_by_role("link", name="李明").press("Enter")
    page.wait_for_url(f"**/console/interviews/{interview}")
    expect(page.get_by_role("heading", level=1)).to_have_text("李明")
    assert visit.fits()
    video = page.locator("video")
    page.locator("a.clip", has_text="0:03").first.press("Enter")
    expect(video).to_be_focused()
    expect(video).to_have_js_property("paused", value=False)
    assert 3 <= video.evaluate("video => video.currentTime") < 21.5
    assert visit.complaints == []


def test_a_clip_stops_where_it_ends(
    visit: Visit, interview: str, database: Database, store: ObjectStore, recording: bytes
) -> None:
    record(interview, database, store, recording)
    token = signed_in(database).token
    cookie = {"name": "greenroom_session", "value": token, "url": visit.server}
    visit.page.context.add_cookies([cookie])
    page = visit.open(f"/console/interviews/{interview}")
    page.locator("a.clip", has_text="0:03").first.click()
    video = page.locator("video")
    expect(video).to_have_js_property("paused", value=False)
    video.evaluate("video => { video.currentTime = 21.2 }")
    expect(video).to_have_js_property("paused", value=True)
    assert 21.4 < video.evaluate("video => video.currentTime") < 22.5


def test_consents_without_javascript(browser: Browser, server: str, interview: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/i/{candidate_token(interview)}")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_be_visible()
    context.close()
