"""我的面试状态 in a real browser, without JavaScript: every state is complete, fits, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.consent import Consents
from greenroom.domain.entry import EntryRules
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest, Part, Segment, TrackManifest
from greenroom.domain.quality import Finding, Quality
from tests.browser.serving import serving
from tests.seeded import TEMPLATE, SettableClock, candidate_token, invite, set_up

pytestmark = pytest.mark.chromium

AXE = Path("node_modules/axe-core/axe.min.js")
ARTEFACTS = Path("artefacts/status")
DIGEST = "ab" * 32
ASKING = TEMPLATE.model_copy(update={"entry": EntryRules(identity=["card", "portrait"])})
ALL = Consents(recording=True, transcript=True, face=True, ai_scoring=True, identity=True)
S = InterviewState

UNSAVED = Gap(cause="unsaved", segment=0, start_ms=40_000, end_ms=40_500)
CRASH = Gap(cause="recorder_restart", began="crash", segment=1, start_ms=40_500, end_ms=42_900)
RELOAD = Gap(cause="recorder_restart", began="reload", segment=1, start_ms=61_000, end_ms=61_350)


@pytest.fixture
def server(platform: None) -> Iterator[str]:
    set_up(portal, SettableClock())
    with serving(portal) as address:
        yield address


class Story:
    """An interview that is brought to a state as the pipeline would."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self.database, self.store = database, store
        (self.interview,) = invite(database, template=ASKING)
        with database.begin() as tx:
            tx.interviews.give_consents(self.interview, ALL)

    def moved(self, *states: InterviewState) -> None:
        with self.database.begin() as tx:
            for state in states:
                assert tx.interviews.move(self.interview, state)

    def answered(
        self,
        answer: str,
        *gaps: Gap,
        verdict: str | None = "usable",
        findings: tuple[str, ...] = (),
        tracks: tuple[str, ...] = ("camera",),
    ) -> None:
        """Recorded for 95 s but for the gaps, assembled, and checked where there is a verdict."""
        with self.database.begin() as tx:
            attempt = tx.interviews.start_attempt(self.interview, answer).attempt
            ref = AttemptRef(self.interview, answer, attempt)
            tx.interviews.seal_attempt(ref, DIGEST)
            tx.interviews.move_answer(ref, AnswerState.ASSEMBLED)
            if verdict == "re_record":
                tx.interviews.move_answer(ref, AnswerState.RE_RECORD)
            elif verdict:
                tx.interviews.move_answer(ref, AnswerState.CHECKED)
                tx.interviews.move_answer(ref, AnswerState.ANALYSED)
        part = Part(part=0, size=9, sha256=DIGEST, start_ms=0, end_ms=95_000)
        segment = Segment(segment=0, mime_type="video/webm", parts=[part])
        listed = [TrackManifest(track=name, segments=[segment]) for name in tracks]
        self.store.put(ref.manifest, Manifest(tracks=listed).canonical())
        lost = any(not gap.interrupts for gap in gaps)
        assembled = [
            AssembledTrack(
                track=name,
                status="gaps" if lost else "complete",
                recording=ref.recording(name, "webm"),
                size=18_345_678,
                sha256=DIGEST,
                duration_s=95.2,
                gaps=list(gaps),
            )
            for name in tracks
        ]
        known = {
            "interview": self.interview,
            "answer": answer,
            "attempt": attempt,
            "tool": "test",
        }
        assembly = Assembly(**known, manifest_sha256=DIGEST, tracks=assembled)
        self.store.put(ref.assembly, assembly.canonical())
        if verdict:
            found = [
                Finding(code=code, track="camera", level="warning", value=1, unit="share")
                for code in findings
            ]
            quality = Quality(**known, verdict=verdict, reasons=[], findings=found, inputs={})
            self.store.put(ref.quality, quality.canonical())


def opened(story: Story) -> None:
    story.moved(S.OPENED)


def half_done(story: Story) -> None:
    story.moved(S.OPENED, S.IN_PROGRESS)
    findings = ("fps", "frozen_share", "low_light_share")
    story.answered("coordination", RELOAD, verdict="usable_with_warnings", findings=findings)


def being_checked(story: Story) -> None:
    story.moved(S.OPENED, S.IN_PROGRESS)
    story.answered("coordination", UNSAVED, CRASH, verdict=None)
    story.answered("sheet", tracks=("camera", "screen"))
    story.moved(S.SUBMITTED)


def to_be_recorded_again(story: Story) -> None:
    story.moved(S.OPENED, S.IN_PROGRESS)
    story.answered("coordination", verdict="re_record", findings=("black_share", "silence_share"))
    story.answered("sheet", tracks=("camera", "screen"))
    story.moved(S.SUBMITTED, S.RE_RECORD)


def scored(story: Story) -> None:
    being_checked(story)
    story.moved(S.SCORED)


def cancelled(story: Story) -> None:
    story.moved(S.OPENED, S.CANCELLED)


STATES: dict[str, tuple[Callable[[Story], None], tuple[str, ...]]] = {
    "opened": (opened, ("Start the interview", "Identity pictures")),
    "half_done": (
        half_done,
        (
            "Continue the interview",
            "Received in full",
            "1:35",
            "18.35 MB",
            "The recording is usable.",
            "Close other programs",
            "Nothing of what you recorded was lost",
            "interrupted for 350 ms",
            "The page was reloaded.",
        ),
    ),
    "being_checked": (
        being_checked,
        (
            "Received, with a part missing",
            "Picture and sound are being checked.",
            "500 ms of what you recorded are missing",
            "The browser or the computer stopped.",
            "You need not do anything now.",
        ),
    ),
    "to_be_recorded_again": (
        to_be_recorded_again,
        ("Record again", "Please give this answer again.", "Uncover the camera"),
    ),
    "scored": (scored, ("People at the company look at your interview.", "Take it back")),
    "cancelled": (cancelled, ("This interview was cancelled.",)),
}


def look(page: Page, name: str) -> None:
    """A picture for people, and what axe finds."""
    width = page.viewport_size["width"]
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "fits"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_complete_without_a_script(
    browser: Browser,
    server: str,
    database: Database,
    store: ObjectStore,
    state: str,
    width: int,
) -> None:
    story = Story(database, store)
    bring, words = STATES[state]
    bring(story)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    link = f"{server}/i/{candidate_token(story.interview)}"
    page.goto(f"{link}?lang=zh-CN")
    look(page, f"{state}-zh")
    page.goto(f"{link}?lang=en")
    look(page, f"{state}-en")
    text = page.locator("main").inner_text()
    for words_of_it in words:
        assert words_of_it in text
    if state != "cancelled":
        for details in page.locator("details").all():
            details.locator("summary").click()
            expect(details).to_have_attribute("open", "")
        look(page, f"{state}-en-unfolded")
    context.close()


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(
    browser: Browser, server: str, database: Database, store: ObjectStore, state: str
) -> None:
    story = Story(database, store)
    STATES[state][0](story)
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    for language in ("zh-CN", "en"):
        page.goto(f"{server}/i/{candidate_token(story.interview)}?lang={language}")
        for details in page.locator("details").all():
            details.locator("summary").click()
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "axe.run().then(done => done.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
        )
        assert found == []
    context.close()


def test_a_consent_is_taken_back_by_keyboard_without_a_script(
    browser: Browser, server: str, database: Database, store: ObjectStore
) -> None:
    story = Story(database, store)
    scored(story)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/i/{candidate_token(story.interview)}?lang=en")
    summary = page.locator("summary", has_text="Take it back, Face analysis")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("button:focus")).to_have_text("Yes, take it back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your choices are saved.")
    with database.begin() as tx:
        assert tx.interviews.consents(story.interview) == ALL.model_copy(update={"face": False})
    context.close()
