"""A candidate at a real Firefox, driven over WebDriver BiDi by a small program in Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.recorder.candidate import Invited

DRIVER = Path(__file__).with_name("firefox.mjs")


class Firefox:
    """The room as a candidate walks through it. Raises AssertionError with Firefox's own words."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, command: str, argument: Any = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Firefox's driver ended"
        answer = json.loads(line)
        assert "error" not in answer, f"{command} {argument}: {answer.get('error')}"
        return answer["value"]

    def screen(self, name: str) -> None:
        self.tell("see", f'[data-screen="{name}"]:not([hidden])')

    def do(self, name: str) -> None:
        """Press the button that is shown under this name."""
        self.tell("click", f'[data-screen]:not([hidden]) [data-do="{name}"]:not([hidden])')

    def enter(self, invited: Invited) -> None:
        """To the first question, through every check, with every consent."""
        self.tell("goto", invited.url)
        for screen, buttons in {
            "camera": ["open-camera", "camera-good"],
            "sound": ["play-sound", "sound-heard"],
            "environment": ["environment-done"],
        }.items():
            self.screen(screen)
            for button in buttons:
                self.do(button)
        self.screen("rules")
        self.tell(
            "evaluate", "document.querySelectorAll('#consents input').forEach((b) => b.click())"
        )
        self.tell("click", "#consents button")
        self.screen("question")

    def start(self) -> None:
        self.do("start")
        self.screen("recording")

    def speak(self, seconds: float) -> None:
        self.tell("evaluate", f"new Promise((done) => setTimeout(done, {seconds * 1000}))")

    def finish(self) -> None:
        self.do("finish")
        self.screen("saved")

    def hand_in(self) -> None:
        self.screen("submit")
        self.do("submit")
        self.screen("done")


@contextmanager
def firefox(node: str, program: str, profile: Path) -> Iterator[Firefox]:
    """One Firefox with a profile of its own, closed at the end."""
    profile.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [node, str(DRIVER), program, str(profile)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Firefox(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            subprocess.run(["pkill", "-9", "-f", str(profile)], check=False)
