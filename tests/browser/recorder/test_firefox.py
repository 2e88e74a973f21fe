"""The recorder in Firefox: other formats, other timers, the same promise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.recorder.candidate import ONE, House, Invited
from tests.browser.recorder.firefox import Firefox, firefox
from tests.thorough import thorough

pytestmark = [pytest.mark.firefox, pytest.mark.slow, pytest.mark.timeout(180)]

PUPPETEER = Path(__file__).parents[3] / "node_modules" / "puppeteer-core"


@pytest.fixture
def someone(tmp_path: Path) -> Iterator[Firefox]:
    program = shutil.which("firefox") or shutil.which("firefox-esr")
    node = shutil.which("node")
    if program is None:
        pytest.skip("Firefox is not installed")
    if node is None or not PUPPETEER.exists():
        pytest.skip("node and its packages are not installed: make node_modules/.done")
    with firefox(node, program, tmp_path / "profile") as browser:
        yield browser
        assert browser.tell("complaints") == []


def line_of(invited: Invited, answer: str) -> tuple[int, bool]:
    """What the ledger says of the answer: lost ms, and whether it was interrupted."""
    invited.received(answer)
    found = next(one for one in invited.ledger()["answers"] if one["answer"] == answer)
    return found["lost_ms"], bool(found["interrupted_ms"])


def test_a_question_is_recorded_while_the_store_resets(house: House, someone: Firefox) -> None:
    invited = house.invite(ONE)
    someone.enter(invited)
    house.line.mode = "reset"
    someone.start()
    someone.speak(6)
    house.line.mode = "pass"
    someone.speak(2)
    someone.finish()
    someone.do("next")
    someone.hand_in()
    assert line_of(invited, "first") == (0, False)
    assembled = invited.received("first").track("camera")
    assert assembled is not None
    assert assembled.duration_s == pytest.approx(8, abs=1.5)
    with house.platform.database().begin() as tx:
        samples = tx.presence.samples(invited.interview)
    assert max(sample.fps or 0 for sample in samples) > 20


@thorough
def test_a_reload_goes_on_with_the_same_answer(house: House, someone: Firefox) -> None:
    invited = house.invite(ONE)
    someone.enter(invited)
    someone.start()
    someone.speak(4)
    someone.tell("reload")
    someone.screen("camera")
    someone.do("open-camera")
    someone.screen("resume")
    someone.do("resume")
    someone.screen("recording")
    someone.speak(4)
    someone.finish()
    someone.do("next")
    someone.hand_in()
    assert line_of(invited, "first") == (0, True)
    [camera] = [track for track in invited.manifest("first").tracks if track.track == "camera"]
    assert len(camera.segments) == 2
