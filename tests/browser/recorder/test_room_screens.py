"""Every screen of the room in both languages, on a phone and on a desk: nothing for axe to find, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.browser.recorder.candidate import QUESTIONS, Candidate, House
from tests.browser.recorder.inspector import Inspector
from tests.thorough import thorough

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(180)]


NOTES = """(hidden) => document.querySelectorAll(
    "[data-picture-hint], #lost-camera, #lost-screen, #own-window").forEach((one) => { one.hidden = hidden; })"""
"""Everything that may be told while an answer is recorded, at once."""


@pytest.mark.parametrize(
    ("language", "width"), [("zh-CN", 360), pytest.param("en", 1280, marks=thorough)]
)
def test_every_screen_is_clean(
    house: House,
    at_browser: Callable[..., AbstractContextManager[Candidate]],
    language: str,
    width: int,
) -> None:
    questions = [{**QUESTIONS[1], "think_s": 20, "hint": {"en": "Hint.", "zh-CN": "提示。"}}]
    invited = house.invite(questions, demonstration=True, practice=True, identity=["card"])
    with at_browser(language=language, width=width) as someone:
        page, inspector = someone.page, Inspector(someone)
        page.goto(invited.url.replace("lang=en", f"lang={language}"))
        someone.screen("demonstration")
        assert page.evaluate("document.documentElement.lang") == language
        inspector.look("demonstration")
        someone.do("demonstration-done")
        inspector.look("camera")
        someone.do("open-camera")
        page.wait_for_selector('[data-do="camera-good"]:visible')
        inspector.look("camera-open")
        someone.do("camera-good")
        someone.do("play-sound")
        page.wait_for_selector('[data-do="sound-heard"]:visible')
        someone.do("sound-not-heard")
        inspector.look("sound")
        page.wait_for_timeout(1500)
        someone.do("sound-heard")
        page.wait_for_selector('[data-do="environment-done"]:visible')
        inspector.look("environment")
        someone.do("environment-done")
        someone.do("share-screen")
        page.wait_for_selector('[data-do="screen-good"]:visible')
        inspector.look("screen")
        someone.do("screen-good")
        someone.screen("rules")
        page.locator("#consents button").click()
        inspector.look("rules-consent-missing")
        for box in page.locator("#consents input").all():
            box.check()
        inspector.look("rules")
        page.locator("#consents button").click()
        someone.screen("identity")
        page.check("#identity-consent")
        someone.do("identity-take")
        page.wait_for_selector('[data-do="identity-use"]:visible')
        inspector.look("identity")
        someone.do("identity-use")
        someone.screen("practice")
        inspector.look("practice")
        someone.do("practice-done")
        someone.screen("question")
        inspector.look("question")
        someone.start()
        someone.speak(1.5)
        inspector.look("recording")
        page.evaluate(NOTES, False)
        inspector.look("recording-notes")
        page.evaluate(NOTES, True)
        page.reload()
        someone.screen("camera")
        someone.do("open-camera")
        someone.share()
        someone.screen("resume")
        inspector.look("resume")
        someone.do("resume")
        someone.screen("recording")
        someone.speak(1)
        someone.finish()
        inspector.look("saved")
        someone.do("next")
        someone.screen("submit")
        inspector.look("submit")
        version = page.evaluate(
            "document.querySelector('script[type=module]').src.split('/').at(-2)"
        )
        problems = page.evaluate(
            "[...document.querySelectorAll('[data-screen^=problem], [data-screen=again]')]"
            ".map((one) => one.dataset.screen)"
        )
        for problem in problems:
            page.evaluate(
                "([version, name]) => import(`/portal/static/${version}/screens.js`)"
                ".then(({ show }) => show(name))",
                [version, problem],
            )
            inspector.look(problem)
        page.evaluate(
            "(version) => import(`/portal/static/${version}/screens.js`).then(({ show }) => show('submit'))",
            version,
        )
        someone.hand_in()
        inspector.look("done")
        assert inspector.found == {}
        assert someone.complaints == []
