"""The way through an interview in a real browser: practice, consents, recording, submission, what is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.recorder.candidate import (
    ONE,
    QUESTIONS,
    AtBrowser,
    House,
    until,
)
from tests.browser.recorder.whole import assert_whole

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(180)]


def test_three_questions_with_the_screen_by_keyboard_alone(
    house: House, at_browser: AtBrowser, tmp_path: Path
) -> None:
    invited = house.invite(QUESTIONS, demonstration=True, practice=True)
    with at_browser() as someone:
        page, keys = someone.page, someone.page.keyboard

        def press(name: str) -> None:
            """Tab to a button and press it."""
            page.wait_for_selector(f'[data-do="{name}"]:visible')
            for _ in range(40):
                if page.evaluate("document.activeElement.dataset.do") == name:
                    keys.press("Enter")
                    return
                keys.press("Tab")
            raise AssertionError(f"no way to {name} by keyboard")

        page.goto(invited.url)
        for screen, names in (
            ("demonstration", ["demonstration-done"]),
            ("camera", ["open-camera", "camera-good"]),
            ("sound", ["play-sound", "sound-heard"]),
            ("environment", ["environment-done"]),
            ("screen", ["share-screen", "screen-good"]),
        ):
            someone.screen(screen)
            for name in names:
                press(name)
        someone.screen("rules")
        for box in range(4):
            while page.evaluate(
                "document.activeElement.type"
            ) != "checkbox" or box != page.evaluate(
                "[...document.querySelectorAll('#consents input')].indexOf(document.activeElement)"
            ):
                keys.press("Tab")
            keys.press("Space")
        keys.press("Enter")
        someone.screen("practice")
        press("practice-done")
        for question in QUESTIONS:
            someone.screen("question")
            press("start")
            someone.screen("recording")
            someone.speak(1.2)
            page.focus("#note")
            keys.type(f"note {question['id']}")
            keys.press("Enter")
            someone.speak(2)
            press("finish")
            someone.screen("saved")
            press("next")
        someone.screen("submit")
        press("submit")
        someone.screen("done")
        assert someone.complaints == []
        kept = page.evaluate(
            "indexedDB.databases().then(() => new Promise((done) => { const open = indexedDB.open('greenroom');"
            "open.onsuccess = () => { const all = open.result.transaction('slices').objectStore('slices').count();"
            "all.onsuccess = () => done(all.result); }; }))"
        )
        assert kept >= 0
    for question in QUESTIONS:
        assert_whole(invited, question["id"], tmp_path)
        assert invited.manifest(question["id"]).markers[0].note == f"note {question['id']}"
    screen = invited.received("screen").track("screen")
    assert screen is not None
    assert screen.status == "complete"
    steps = invited.steps()
    for step in ("demonstration_skipped", "camera_ready", "sound_heard", "environment_checked", "screen_ready",
                 "rules_accepted", "practice_done", "interview.submitted"):  # fmt: skip
        assert steps.count(step) == 1


def test_practice_leaves_nothing(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite(ONE, practice=True)
    with at_browser() as someone:
        someone.page.goto(invited.url)
        someone.do("open-camera")
        someone.do("camera-good")
        someone.do("play-sound")
        someone.do("sound-heard")
        someone.do("environment-done")
        for box in someone.page.locator("#consents input").all():
            box.check()
        someone.page.locator("#consents button").click()
        someone.screen("practice")
        someone.speak(1)
        before = house.line.connections
        sent: list[int] = []
        someone.page.on("request", lambda asked: sent.append(len(asked.post_data_buffer or b"")))
        someone.do("practice-start")
        someone.speak(3)
        someone.do("practice-stop")
        someone.page.wait_for_selector("#practice-playback video[src^='blob:']")
        assert house.line.connections == before
        assert all(size < 2000 for size in sent), "only the heartbeat's few words"
        counts = someone.page.evaluate("""async () => {
          const open = indexedDB.open("greenroom");
          await new Promise((done) => { open.onsuccess = done; });
          const stores = ["slices", "parts", "attempts"];
          const all = open.result.transaction(stores);
          return Promise.all(stores.map((name) => new Promise((done) => {
            const count = all.objectStore(name).count();
            count.onsuccess = () => done(count.result);
          })));
        }""")
        assert counts == [0, 0, 0]


def test_identity_pictures_are_taken_with_their_own_consent(
    house: House, at_browser: AtBrowser
) -> None:
    invited = house.invite(ONE, identity=["card", "portrait"])
    with at_browser() as someone:
        someone.enter_rules(invited)
        someone.screen("identity")
        assert someone.page.locator('[data-do="identity-take"]').is_disabled()
        someone.page.check("#identity-consent")
        for heading in ("card", "portrait"):
            someone.page.wait_for_selector(f'[data-identity="{heading}"]:visible')
            someone.do("identity-take")
            until(
                lambda: someone.page.evaluate(
                    "document.querySelector('#identity-taken').naturalWidth"
                )
            )
            someone.do("identity-use")
        someone.screen("question")
        assert someone.complaints == []
    store = house.platform.object_store()
    found = {
        item.key: store.get(item.key) for item in store.listing(f"identity/{invited.interview}/")
    }
    assert len(found) == 2
    assert all(b"JFIF" not in body and not body.startswith(b"\xff\xd8") for body in found.values())
    assert invited.steps().count("identity_taken") == 2


def test_no_camera_no_entry(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite(ONE)
    with at_browser(flags=["--deny-permission-prompts"]) as someone:
        someone.page.goto(invited.url)
        someone.screen("camera")
        someone.do("open-camera")
        someone.screen("problem-denied")
        until(lambda: "camera_refused" in invited.steps())


def test_extra_time_takes_effect_while_recording(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite([{**QUESTIONS[0], "max_s": 20}])
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        assert someone.page.text_content("#total") == "0:20"
        path = f"/v1/interviews/{invited.interview}/time-factor"
        house.hr.call("PUT", path, json={"factor": 1.5})
        until(lambda: someone.page.text_content("#total") == "0:30")


def test_an_answer_that_is_found_unusable_is_asked_again_at_once(
    house: House, at_browser: AtBrowser
) -> None:
    impossible = {"fps": {"target": None, "floor": 1000}}
    invited = house.invite(ONE, quality=impossible)
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(3)
        someone.finish()
        someone.do("next")
        someone.screen("submit")
        until(lambda: "answer.re_record" in invited.steps(), 60)
        someone.do("submit")
        someone.screen("again")
        assert someone.page.text_content("#again-numbers") == "1"
        someone.do("again")
        someone.screen("question")
        someone.start()
        someone.speak(3)
        someone.finish()
        someone.do("next")
        someone.screen("submit")
        until(lambda: invited.steps().count("answer.re_record") == 2, 60)
        someone.do("submit")
        someone.screen("again")
        someone.do("again-skip")
        someone.screen("done")
    until(lambda: "interview.re_record" in invited.steps())
