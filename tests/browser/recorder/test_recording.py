"""The recorder in a real browser under every fault that we can make: no frame is lost that was recorded."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.browser.recorder.candidate import (
    ALLOWED,
    ONE,
    QUESTIONS,
    SCREEN,
    AtBrowser,
    House,
    until,
)
from tests.browser.recorder.numbered_camera import FPS, FRAMES, numbers_in, runs_in, seconds_of
from tests.browser.recorder.whole import assert_whole
from tests.thorough import thorough

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


@pytest.mark.parametrize(
    "fault",
    ["reset", *(pytest.param(fault, marks=thorough) for fault in ("stall", "500", "503", "403"))],
)
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


@pytest.mark.parametrize("seconds", [12, pytest.param(60, marks=thorough)])
def test_a_time_without_a_network(
    house: House, at_browser: AtBrowser, tmp_path: Path, seconds: int
) -> None:
    invited = house.invite([QUESTIONS[0], QUESTIONS[2]])
    with at_browser() as someone:
        someone.enter(invited)
        someone.start()
        someone.speak(2)
        someone.context.set_offline(True)
        someone.speak(seconds / 2)
        someone.finish()
        someone.do("next")  # the next question does not wait for the network either
        someone.screen("question")
        someone.start()
        someone.speak(seconds / 2)
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


@pytest.mark.parametrize(
    "online", [pytest.param(True, marks=thorough), False], ids=["online", "offline"]
)
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


@pytest.mark.parametrize("lost", [pytest.param("camera", marks=thorough), "screen"])
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


def test_the_numbered_camera_is_read_as_it_was_made(house: House, tmp_path: Path) -> None:
    frames = numbers_in(house.camera)
    assert [number for _, number in frames] == list(range(FRAMES))
    assert seconds_of(frames) == pytest.approx(FRAMES / FPS)
    holes = [frame for frame in frames if not 300 <= frame[1] < 340]
    assert len(runs_in(holes)) == 2
