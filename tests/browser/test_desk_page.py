"""面试官工作台 in a real browser: players in step, keys, drafts that survive, clips; axe finds nothing."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import Browser, Page, expect

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.analysis import Analysis, Utterance, Waveform
from greenroom.domain.assembly import Assembly
from greenroom.domain.keys import AttemptRef
from tests.browser.console import assert_clean, signed_in
from tests.browser.recorder.candidate import until
from tests.recorded import record
from tests.seeded import MODEL, invite

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """95 s of moving picture and tone, small."""
    path = tmp_path_factory.mktemp("clip") / "clip.webm"
    words = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=95", "-f", "lavfi", "-i", "sine=d=95"]
    codec = [
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-b:v",
        "80k",
        "-c:a",
        "libopus",
    ]
    subprocess.run(["ffmpeg", "-v", "error", *words, *codec, str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def interview(database: Database, store: ObjectStore, clip: bytes, console_server: str) -> str:
    """Camera and screen of the first answer, with a waveform and a transcript."""
    (interview,) = invite(database)
    record(interview, database, store, recording=clip)
    ref = AttemptRef(interview, "coordination", 1)
    assembly = Assembly.parse(store.get(ref.assembly))
    camera = assembly.tracks[0]
    screen = camera.model_copy(
        update={"track": "screen", "recording": ref.recording("screen", "webm")}
    )
    both = assembly.model_copy(update={"tracks": [camera, screen]})
    store.put(ref.assembly, both.canonical())
    store.put(ref.recording("screen", "webm"), clip, "video/webm")
    analysis = Analysis.parse(store.get(ref.analysis))
    said = [
        Utterance(
            start_s=n * 10, end_s=n * 10 + 9, text=f"第{n + 1}句话。", language="zh", confidence=0.9
        )
        for n in range(9)
    ]
    wave = Waveform(step_s=1, peaks=[20 + 37 * n % 60 for n in range(95)])
    modules = [
        module.model_copy(update={"waveform": wave, "transcript": said})
        if module.module == "speech"
        else module
        for module in analysis.modules
    ]
    store.put(ref.analysis, analysis.model_copy(update={"modules": modules}).canonical())
    return interview


def at_desk(
    browser: Browser, console_server: str, database: Database, interview: str, width: int = 1440
) -> Page:
    page = signed_in(browser, console_server, database, width)
    page.goto(f"{console_server}/console/interviews/{interview}/desk")
    return page


def test_by_keyboard_alone(
    browser: Browser, console_server: str, database: Database, interview: str
) -> None:
    page = at_desk(browser, console_server, database, interview)
    main = page.locator("#video-coordination-camera")
    until(
        lambda: page.evaluate(
            "document.querySelector('#video-coordination-camera').readyState >= 1"
        )
    )
    page.keyboard.press("l")
    page.keyboard.press("l")
    expect(page.locator(".transcript [aria-current]")).to_contain_text("第2句话")
    page.keyboard.press("j")
    assert main.evaluate("(video) => video.currentTime") == pytest.approx(5, abs=0.5)
    until(
        lambda: page.evaluate(
            "Math.abs(document.querySelector('#video-coordination-screen').currentTime"
            " - document.querySelector('#video-coordination-camera').currentTime) < 0.2"
        )
    )
    page.keyboard.press("k")
    until(lambda: page.evaluate("!document.querySelector('#video-coordination-screen').paused"))
    page.keyboard.press("k")
    until(lambda: page.evaluate("document.querySelector('#video-coordination-screen').paused"))
    for _ in MODEL.competencies:
        page.keyboard.press("8")
    expect(page.locator(".points input:checked")).to_have_count(len(MODEL.competencies))
    page.keyboard.press("]")
    expect(page.locator("#answer-sheet")).to_be_visible()
    expect(page.locator("#answer-coordination")).to_be_hidden()
    expect(page.locator("#kept")).to_have_text("Draft kept")
    page.reload()
    expect(page.locator(".points input:checked")).to_have_count(len(MODEL.competencies))
    page.locator("text=Keyboard").click()
    page.uncheck("#keys-on")
    page.locator("h1").click()
    page.keyboard.press("3")
    expect(page.locator('.points input[value="3"]:checked')).to_have_count(0)
    page.get_by_label("Advance", exact=True).check()
    page.get_by_role("button", name="Submit").press("Enter")
    expect(page.locator(".evaluation .note.good")).to_be_visible()
    expect(page.locator(".points input").first).to_be_disabled()


def test_a_clip_plays_in_its_chapter(
    browser: Browser, console_server: str, database: Database, interview: str
) -> None:
    page = at_desk(browser, console_server, database, interview)
    page.locator("a[data-chapter='sheet']").click()
    expect(page.locator("#answer-coordination")).to_be_hidden()
    page.locator(".evaluation .suggested a").first.click()
    expect(page.locator("#answer-coordination")).to_be_visible()
    until(lambda: page.evaluate("!document.querySelector('#video-coordination-camera').paused"))
    page.locator(".timeline-svg").first.click(position={"x": 5, "y": 20})
    until(
        lambda: page.evaluate(
            "document.querySelector('#video-coordination-camera').currentTime < 5"
        )
    )


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 360), ("en", 1440), ("zh-CN", 3840)])
def test_the_desk_is_clean(
    browser: Browser,
    console_server: str,
    database: Database,
    interview: str,
    language: str,
    width: int,
) -> None:
    page = at_desk(browser, console_server, database, interview, width)
    page.goto(f"{page.url}?lang={language}")
    until(
        lambda: page.evaluate(
            "document.querySelector('#video-coordination-camera').readyState >= 2"
        )
    )
    assert_clean(page, f"desk-{language}-{width}")


def test_without_scripts_everything_is_there(
    browser: Browser,
    console_server: str,
    database: Database,
    interview: str,
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    signed = at_desk(browser, console_server, database, interview)
    context.add_cookies(signed.context.cookies())
    page.goto(signed.url)
    expect(page.locator(".chapter")).to_have_count(2)
    for competency in MODEL.competencies:
        page.locator(f'[name="points-{competency.id}"][value="6"]').check(force=True)
    page.get_by_role("button", name="Keep as a draft").click()
    page.goto(signed.url)
    expect(page.locator(".points input:checked")).to_have_count(len(MODEL.competencies))
    context.close()


def test_a_decision_by_keyboard(
    browser: Browser, console_server: str, database: Database, interview: str
) -> None:
    page = at_desk(browser, console_server, database, interview)
    form = page.locator("#decision")
    form.locator("input[value=reject]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Not yet")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Nobody has evaluated this interview yet")
    form.locator("input[value=advance]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Clear and to the point")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form).to_contain_text("Clear and to the point")
    expect(form.get_by_text("Decide anew")).to_be_visible()
    form.scroll_into_view_if_needed()
    assert_clean(page, "desk-decision-en-1440")

    service = page.get_by_role("article", name="Customer service")
    service.get_by_text("Put your own score in its place").press("Enter")
    service.get_by_label("Score (0–100)").press_sequentially("82.5")
    page.keyboard.press("Tab")
    page.keyboard.type("The accent misled the measurement")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(service.locator(".override")).to_contain_text("The accent misled the measurement")
    service.scroll_into_view_if_needed()
    assert_clean(page, "desk-override-en-1440")
