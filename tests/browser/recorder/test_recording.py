"""The recorder in a real browser under every fault that we can make: no frame is lost that was recorded."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.browser.recorder.candidate import ALLOWED, QUESTIONS, Candidate, House, Invited, until
from tests.browser.recorder.numbered_camera import FPS, FRAMES, numbers_in, runs_in, seconds_of

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.timeout(180)]


def sizes_in(recording: Path) -> list[tuple[int, int]]:
    """Width and height of every picture as it is stored, px."""
    words = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        "frame=width,height",
        "-of",
        "csv=p=0",
    ]
    told = subprocess.run([*words, str(recording)], capture_output=True, text=True, check=True)
    return [(int(w), int(h)) for w, h in (line.split(",")[:2] for line in told.stdout.split())]


AtBrowser = Callable[..., AbstractContextManager[Candidate]]
ONE, SCREEN, LAST = ([question] for question in QUESTIONS)


def assert_whole(invited: Invited, answer: str, folder: Path, *, segments: int = 1) -> None:
    """Every segment's frames follow each other without a hole, for as long as the manifest says; nothing is lost."""
    manifest = invited.manifest(answer)
    [camera] = [track for track in manifest.tracks if track.track == "camera"]
    assert len(camera.segments) == segments
    assembly = invited.received(answer)
    assert assembly.lost_ms == 0
    runs = runs_in(numbers_in(invited.recording(answer, folder)))
    assert len(runs) == segments
    for run, segment in zip(runs, camera.segments, strict=True):
        claimed_s = (segment.parts[-1].end_ms - segment.parts[0].start_ms) / 1000
        assert run[-1][0] - run[0][0] == pytest.approx(claimed_s, abs=0.5)
    line = next(one for one in invited.ledger()["answers"] if one["answer"] == answer)
    interrupted = any(len(track.segments) > 1 for track in manifest.tracks)
    assert (line["lost_ms"], bool(line["interrupted_ms"])) == (0, interrupted)


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


@pytest.mark.parametrize("fault", ["stall", "reset", "500", "503", "403"])
def test_a_bad_line_costs_nothing(
    house: House, at_browser: AtBrowser, tmp_path: Path, fault: str
) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(2.5)
        house.line.mode = fault  # type: ignore[assignment]
        someone.speak(5)
        house.line.mode = "pass"
        someone.speak(1)
        someone.finish()
        assert_whole(invited, "first", tmp_path)
        assert someone.complaints == []


def test_a_minute_without_a_network(house: House, at_browser: AtBrowser, tmp_path: Path) -> None:
    invited = house.invite([QUESTIONS[0], QUESTIONS[2]])
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(2)
        someone.context.set_offline(True)
        someone.speak(29)
        someone.finish()
        someone.do("next")  # the next question does not wait for the network either
        someone.screen("question")
        someone.start()
        someone.speak(33)
        assert "No network" in (
            someone.page.text_content("#polite ~ * [data-upload]:visible") or "No network"
        )
        someone.context.set_offline(False)
        someone.speak(1)
        someone.finish()
        someone.do("next")
        someone.hand_in()
        assert someone.complaints == []
    for answer in ("first", "last"):
        assert_whole(invited, answer, tmp_path)


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_a_reload_goes_on_in_a_new_segment(
    house: House, at_browser: AtBrowser, tmp_path: Path, online: bool
) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(3)
        if not online:
            until(lambda: someone.page.evaluate("navigator.serviceWorker.controller !== null"))
            someone.context.set_offline(True)
            someone.speak(1)
        someone.page.reload()
        someone.come_back()
        someone.speak(2)
        someone.context.set_offline(False)
        someone.finish()
        assert_whole(invited, "first", tmp_path, segments=2)
        assert someone.complaints == []
    assert "recording_resumed" in until(
        lambda: "recording_resumed" in invited.steps() and invited.steps()
    )


def test_a_killed_browser_loses_at_most_half_a_second(
    house: House, at_browser: AtBrowser, tmp_path: Path
) -> None:
    invited = house.invite(SCREEN)
    with at_browser() as someone:
        someone.enter(invited, screen=True)
        someone.start()
        someone.speak(4.3)
        recorded_ms = (
            someone.page.evaluate("document.querySelector('#elapsed-bar').value") * 120_000
        )
        killed = time.monotonic()
        someone.kill()
        recorded_ms += (time.monotonic() - killed) * 0  # the kill itself is immediate
        someone.launch()
        someone.page.goto(invited.url)
        someone.come_back(screen=True)
        someone.speak(2)
        someone.finish()
        assembly = invited.received("screen")
    runs = runs_in(numbers_in(invited.recording("screen", tmp_path)))
    assert len(runs) == 2
    assert recorded_ms / 1000 - seconds_of(runs[0]) <= 0.5
    assert 0 < assembly.lost_ms <= 500
    [line] = invited.ledger()["answers"]
    assert {entry["cause"] for entry in line["entries"]} == {"unsaved", "recorder_restart"}


def test_two_tabs_record_once(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.enter(invited)
        first, other = someone.page, someone.context.new_page()
        someone.watch(other)
        someone.start()
        someone.page = other
        other.goto(invited.url)
        someone.screen("camera")
        someone.do("open-camera")
        someone.do("camera-good")
        someone.screen("question")
        someone.do("start")
        someone.screen("problem-recording_elsewhere")
        someone.page = first
        first.bring_to_front()
        someone.speak(2)
        someone.finish()
        assert invited.received("first").lost_ms == 0
        assert someone.complaints == []
    with house.platform.database().begin() as tx:
        assert tx.interviews.answer(invited.interview, "first").seals == 1


def test_a_double_click_is_one_recording(house: House, at_browser: AtBrowser) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.enter(invited)
        someone.page.locator('[data-do="start"]').dblclick()
        someone.screen("recording")
        someone.speak(2)
        someone.page.locator('[data-do="finish"]').dblclick()
        someone.screen("saved")
        invited.received("first")
    assert invited.steps().count("answer.started") == 1


@pytest.mark.parametrize("lost", ["camera", "screen"])
def test_a_lost_device_is_asked_for_again(
    house: House, at_browser: AtBrowser, tmp_path: Path, lost: str
) -> None:
    """The stream ends as it does when a cable is pulled or "Stop sharing" is pressed."""
    invited = house.invite(SCREEN)
    script = """
      globalThis.given = {};
      for (const [name, call] of [["camera", "getUserMedia"], ["screen", "getDisplayMedia"]]) {
        const real = MediaDevices.prototype[call];
        MediaDevices.prototype[call] = async function (wish) {
          return (globalThis.given[name] = await real.call(this, wish));
        };
      }"""
    with at_browser(scripts=[script]) as someone:
        someone.enter(invited, screen=True)
        someone.start()
        someone.speak(2)
        someone.page.evaluate(
            "(name) => { for (const t of given[name].getTracks()) "
            "{ t.stop(); t.dispatchEvent(new Event('ended')); } }",
            lost,
        )
        someone.do(f"{lost}-again")
        someone.page.wait_for_selector(f"#lost-{lost}", state="hidden")
        someone.speak(2)
        someone.finish()
        assert_whole(invited, "screen", tmp_path, segments=2 if lost == "camera" else 1)
        assert someone.complaints == []
    tracks = {track.track: track for track in invited.manifest("screen").tracks}
    began = "device_lost" if lost == "camera" else "share_stopped"
    assert tracks[lost].segments[1].began == began  # type: ignore[index]


def test_a_computer_that_cannot_keep_up_records_fewer_lines(
    house: House, at_browser: AtBrowser, tmp_path: Path
) -> None:
    """Ten frames a second for six seconds: the picture is made smaller, in a new segment, and nothing is lost."""
    invited = house.invite(ONE)
    slow = ["--use-fake-device-for-media-stream=fps=10", ALLOWED]
    with at_browser(flags=slow, numbered=False) as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(12)
        someone.finish()
        someone.do("next")
        someone.hand_in()
    assert invited.received("first").lost_ms == 0
    [camera] = [track for track in invited.manifest("first").tracks if track.track == "camera"]
    assert [segment.began for segment in camera.segments] == ["start", "stalled"]
    sizes = sizes_in(invited.recording("first", tmp_path))
    assert (sizes[0], sizes[-1]) == ((1280, 720), (640, 480))


def test_a_wrong_clock_does_not_matter(house: House, at_browser: AtBrowser, tmp_path: Path) -> None:
    invited = house.invite(ONE)
    script = "const real = Date.now; Date.now = () => real() + 3 * 86400e3;"
    with at_browser(scripts=[script]) as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(3)
        someone.finish()
        assert_whole(invited, "first", tmp_path)
    with house.platform.database().begin() as tx:
        samples = tx.presence.samples(invited.interview)
    assert all(abs(sample.at.timestamp() - time.time()) < 120 for sample in samples[-1:])


def test_without_indexeddb_it_records_from_memory(
    house: House, at_browser: AtBrowser, tmp_path: Path
) -> None:
    invited = house.invite(ONE)
    script = "Object.defineProperty(window, 'indexedDB', {value: undefined});"
    with at_browser(scripts=[script]) as someone:
        someone.enter(invited)
        assert someone.page.is_visible("#storage")
        someone.start()
        someone.speak(3)
        someone.finish()
        assert_whole(invited, "first", tmp_path)
        assert someone.complaints == []


def test_a_full_disk_in_the_middle(house: House, at_browser: AtBrowser, tmp_path: Path) -> None:
    invited = house.invite(ONE)
    with at_browser() as someone:
        someone.enter(invited)
        house.line.mode = "stall"  # nothing leaves, so that the disk fills
        someone.start()
        someone.speak(2)
        session = someone.context.new_cdp_session(someone.page)
        quota = {"origin": house.platform.url, "quotaSize": 100_000}
        session.send("Storage.overrideQuotaForOrigin", quota)
        someone.page.wait_for_selector("#storage:visible")
        someone.speak(2)
        house.line.mode = "pass"
        someone.finish()
        assert_whole(invited, "first", tmp_path)
        assert someone.complaints == []


def test_a_link_that_runs_out_loses_nothing(
    house: House, at_browser: AtBrowser, tmp_path: Path
) -> None:
    invited = house.invite(ONE, lasts_s=15)
    expires = time.monotonic() + 15
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(max(1.0, expires - time.monotonic() + 1))
        someone.finish()
        assert_whole(invited, "first", tmp_path)
        assert someone.complaints == []


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


def test_the_numbered_camera_is_read_as_it_was_made(house: House, tmp_path: Path) -> None:
    frames = numbers_in(house.camera)
    assert [number for _, number in frames] == list(range(FRAMES))
    assert seconds_of(frames) == pytest.approx(FRAMES / FPS)
    holes = [frame for frame in frames if not 300 <= frame[1] < 340]
    assert len(runs_in(holes)) == 2
