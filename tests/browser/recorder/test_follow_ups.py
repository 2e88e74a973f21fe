"""A follow-up in a real browser: offered a few seconds after a short answer, answered or skipped, never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.recorder.candidate import (
    QUESTIONS,
    AtBrowser,
    Candidate,
    House,
    Invited,
    open_house,
    until,
)
from tests.browser.recorder.inspector import Inspector
from tests.thorough import thorough

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that waits long: what is shown here is not how fast a busy machine is."""
    patient = {"GREENROOM_FOLLOW_UPS__WAIT_S": "60"}
    with open_house(tmp_path_factory.mktemp("house"), **patient) as house:
        yield house


FIRST, LAST = QUESTIONS[0], QUESTIONS[2]
TEXT = {
    "en": "Your answer was rather short.",
    "zh-CN": "刚才的回答比较简短。",
}


def answer_briefly(someone: Candidate) -> None:
    someone.screen("question")
    someone.start()
    someone.speak(2)
    someone.finish()
    someone.do("next")


def results(invited: Invited) -> dict[str, dict[str, Any]]:
    found = invited.house.hr.call("GET", f"/v1/interviews/{invited.interview}/results")
    return {answer["answer"]: answer for answer in found["answers"]}


def state_of(invited: Invited) -> str:
    found: str = invited.house.hr.call("GET", f"/v1/interviews/{invited.interview}")["state"]
    return found


@pytest.mark.parametrize(
    ("language", "width"), [pytest.param("zh-CN", 360, marks=thorough), ("en", 1280)]
)
def test_a_short_answer_is_followed_up_and_the_follow_up_is_evidence(
    house: House, at_browser: AtBrowser, language: str, width: int
) -> None:
    invited = house.invite([FIRST], follow_ups=True)
    with at_browser(language=language, width=width) as someone:
        page, inspector = someone.page, Inspector(someone)
        someone.enter(invited)
        answer_briefly(someone)
        someone.screen("follow-up-wait")
        inspector.look("follow-up-wait")
        asked = page.locator('[data-screen="question"] [data-follow-up-text]:visible')
        asked.wait_for()
        assert asked.inner_text().startswith(TEXT[language])
        inspector.look("follow-up")
        someone.start()
        inspector.look("follow-up-recording")
        someone.speak(2)
        someone.finish()
        assert page.locator('[data-do="retake"]:visible').count() == 0
        someone.do("next")
        someone.hand_in()
        assert inspector.found == {}
        assert someone.complaints == []
    until(lambda: state_of(invited) in ("scored", "human_review"))
    given = results(invited)["first-follow-up"]
    assert given["state"] == "analysed"
    assert (given["follow_up"]["follows"], given["follow_up"]["rule"]) == ("first", "too_short")
    assert invited.received("first-follow-up").lost_ms == 0


def test_a_follow_up_may_be_skipped(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite([FIRST, LAST], follow_ups=True)
    with at_browser() as someone:
        page = someone.page
        someone.enter(invited)
        answer_briefly(someone)
        page.locator("[data-follow-up-text]:visible").wait_for()
        page.reload()  # and it is still asked, once
        someone.screen("camera")
        someone.do("open-camera")
        someone.do("camera-good")
        page.locator("[data-follow-up-text]:visible").wait_for()
        someone.do("skip")
        page.locator('[data-question="last"]:visible').wait_for()
        house.line.mode = "stall"  # so that no offer comes before the button is pressed
        answer_briefly(someone)
        someone.do("go-on")
        someone.screen("submit")
        assert someone.complaints == []
    assert until(lambda: results(invited)["first-follow-up"]["state"] == "skipped")
    assert invited.steps().count("follow_up.offered") >= 1
    assert invited.steps().count("follow_up.skipped") == 1


def test_the_room_goes_on_in_time_and_asks_a_late_offer_before_the_end(
    house: House, at_browser: AtBrowser
) -> None:
    invited = house.invite([FIRST, LAST], follow_ups=True)
    with at_browser() as someone:
        page = someone.page
        someone.enter(invited)
        page.evaluate(
            "document.querySelector('[data-screen=\"follow-up-wait\"]').dataset.waitS = '1'"
        )
        house.line.mode = "stall"
        answer_briefly(someone)
        page.locator('[data-question="last"]:visible').wait_for()
        house.line.mode = "pass"
        until(lambda: results(invited)["first"]["state"] in ("checked", "analysed"))
        offer = house.platform.url + "/v1/candidate/follow-ups/first"
        credential = {"Authorization": f"Bearer {invited.token}"}
        reply = httpx.post(offer, json={"attempt": 1}, headers=credential).json()
        assert reply["state"] == "offered"
        house.line.mode = "stall"
        answer_briefly(someone)
        someone.screen("submit")
        house.line.mode = "pass"
        someone.do("submit")
        page.locator("[data-follow-up-text]:visible").wait_for()
        someone.do("skip")
        someone.screen("done")
        assert someone.complaints == []
    assert results(invited)["first-follow-up"]["state"] == "skipped"
    assert results(invited)["last"]["state"] in ("sealed", "assembled", "checked", "analysed")


def test_without_the_switch_nobody_waits(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite([FIRST])
    with at_browser() as someone:
        someone.enter(invited)
        answer_briefly(someone)
        someone.screen("submit")
        assert someone.page.locator('[data-screen="follow-up-wait"]').count() == 0
    assert "follow_up.offered" not in invited.steps()
