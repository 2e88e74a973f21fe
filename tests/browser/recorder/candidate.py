"""A candidate at a real Chromium, before the real room, on a whole platform."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from greenroom.domain.assembly import Assembly
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from greenroom.runtime.tokens import issue_candidate_token
from greenroom_cli.demo.hr import HrSystem
from greenroom_local.platform import PocketPlatform, Ports
from tests.browser.recorder.checked_host import CheckedPlatform
from tests.browser.recorder.faulty_line import FaultyLine
from tests.browser.recorder.numbered_camera import make_camera, make_microphone

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
ALLOWED = "--use-fake-ui-for-media-stream"

QUESTION: dict[str, Any] = {"takes": 3, "min_s": 1, "max_s": 120, "think_s": 0}
QUESTIONS: list[dict[str, Any]] = [
    {"id": "first", "text": {"en": "First?", "zh-CN": "第一题？"}, **QUESTION},
    {"id": "screen", "text": {"en": "Show it.", "zh-CN": "请演示。"}, "tracks": ["camera", "screen"], **QUESTION},
    {"id": "last", "text": {"en": "Last?", "zh-CN": "最后一题？"}, **QUESTION},
]  # fmt: skip
ONE, SCREEN, LAST = ([question] for question in QUESTIONS)


@dataclass
class House:
    """The platform with its line to the store, HR's view of it, and what the cameras show."""

    platform: PocketPlatform
    line: FaultyLine
    hr: HrSystem
    camera: Path
    microphone: Path
    invited: int = 0

    def invite(
        self,
        questions: list[dict[str, Any]],
        *,
        lasts_s: float = 86_400,
        quality: dict[str, Any] | None = None,
        **entry: Any,
    ) -> Invited:
        """An interview with these questions, and a link that lasts so long."""
        self.invited += 1
        template = self.hr.call("GET", "/v1/templates/screening")
        rules = {"demonstration": False, "practice": False, **entry}
        lenient = {name: {"target": None, "floor": None} for name in template["quality"]}
        quality = {**lenient, **(quality or {})}
        template |= {"questions": questions, "entry": rules, "quality": quality}
        self.hr.call("PUT", "/v1/templates/screening", json=template)
        candidate = {
            "external_id": f"c{self.invited}",
            "name": "李明",
            "email": f"c{self.invited}@example.com",
        }
        head = {
            "template": "screening",
            "competency_model": "store-manager",
            "deadline": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
        }
        batch = self.hr.call("POST", "/v1/batches", json={**head, "candidates": [candidate]})
        rows = until(
            lambda: self.hr.call("GET", f"/v1/interviews?batch={batch['batch']}")["interviews"]
        )
        return Invited(self, rows[0]["interview"], self.token(rows[0]["interview"], lasts_s))

    def token(self, interview: str, lasts_s: float = 86_400) -> str:
        expires = datetime.now(UTC) + timedelta(seconds=lasts_s)
        return issue_candidate_token(self.platform.secrets.token_key, interview, 1, expires)


@dataclass
class Invited:
    """One interview, by its id and its link."""

    house: House
    interview: str
    token: str

    @property
    def url(self) -> str:
        return f"{self.house.platform.url}/i/{self.token}/room?lang=en"

    def received(self, answer: str, attempt: int = 1) -> Assembly:
        """The assembly, when it is there."""
        ref = AttemptRef(self.interview, answer, attempt)
        store = self.house.platform.object_store()
        return Assembly.parse(until(lambda: store.head(ref.assembly) and store.get(ref.assembly)))

    def manifest(self, answer: str, attempt: int = 1) -> Manifest:
        key = AttemptRef(self.interview, answer, attempt).manifest
        store = self.house.platform.object_store()
        return Manifest.parse(until(lambda: store.head(key) and store.get(key)))

    def recording(self, answer: str, folder: Path, track: str = "camera", attempt: int = 1) -> Path:
        assembled = self.received(answer, attempt).track(track)  # type: ignore[arg-type]
        assert assembled is not None
        assert assembled.recording is not None
        path = folder / assembled.recording.replace("/", "_")
        self.house.platform.object_store().download(assembled.recording, path)
        return path

    def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = self.house.hr.call("GET", f"/v1/interviews/{self.interview}/ledger")
        return found

    def steps(self) -> list[str]:
        """The process log: event types, and the names of steps."""
        with self.house.platform.database().begin() as tx:
            rows = tx.process_log.list(self.interview)
        return [row.event.data.details.get("step", row.event.type.value) for row in rows]


def until(condition: Any, seconds: float = 30) -> Any:
    """Its first true value. Raises AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


@dataclass
class Candidate:
    """Somebody at a browser with a profile of their own."""

    playwright: Playwright
    house: House
    profile: Path
    flags: list[str] = field(default_factory=lambda: [ALLOWED])
    scripts: list[str] = field(default_factory=list)
    language: str = "en"
    width: int = 1280
    numbered: bool = True

    def __post_init__(self) -> None:
        self.complaints: list[str] = []
        self.launch()

    def launch(self) -> None:
        files = [
            f"--use-file-for-fake-{kind}-capture={path}"
            for kind, path in (("video", self.house.camera), ("audio", self.house.microphone))
            if self.numbered  # else Chromium's own moving picture, in any size
        ]
        self.context: BrowserContext = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path="/usr/bin/chromium",
            headless=True,
            viewport={"width": self.width, "height": 800},
            args=[*FLAGS, *files, *self.flags],
        )
        self.context.set_default_timeout(30_000)
        for script in self.scripts:
            self.context.add_init_script(script)
        self.page: Page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: "Content Security" in said.text and self.complaints.append(said.text),
        )
        page.on("dialog", lambda dialog: dialog.accept())

    def kill(self) -> None:
        """SIGKILL to the whole browser."""
        subprocess.run(["pkill", "-9", "-f", str(self.profile)], check=False)
        with suppress(PlaywrightError):
            self.context.close()

    def screen(self, name: str) -> None:
        self.page.wait_for_selector(f'[data-screen="{name}"]:visible')

    def do(self, name: str) -> None:
        self.page.locator(f'[data-do="{name}"]:visible').click()

    def enter(self, invited: Invited, *, screen: bool = False) -> None:
        """To the first question, through every check."""
        self.enter_rules(invited, screen=screen)
        self.screen("question")

    def enter_rules(self, invited: Invited, *, screen: bool = False) -> None:
        """Through the checks, with every consent."""
        self.page.goto(invited.url.replace("lang=en", f"lang={self.language}"))
        self.screen("camera")
        self.do("open-camera")
        self.do("camera-good")
        self.screen("sound")
        self.do("play-sound")
        self.do("sound-heard")
        self.screen("environment")
        self.do("environment-done")
        if screen:
            self.share()
        self.screen("rules")
        for box in self.page.locator("#consents input").all():
            box.check()
        self.page.locator("#consents button").click()

    def share(self) -> None:
        self.screen("screen")
        self.do("share-screen")
        self.do("screen-good")

    def start(self) -> None:
        self.do("start")
        self.screen("recording")

    def speak(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def finish(self) -> None:
        self.do("finish")
        self.screen("saved")

    def come_back(self, *, screen: bool = False) -> None:
        """After a reload or a crash: allow the camera again, and go on."""
        self.screen("camera")
        self.do("open-camera")
        if screen:
            self.share()
        self.screen("resume")
        self.do("resume")
        self.screen("recording")

    def hand_in(self) -> None:
        self.screen("submit")
        self.do("submit")
        self.screen("done")


AtBrowser = Callable[..., AbstractContextManager[Candidate]]
"""Opens a browser for one candidate; the fixture `at_browser`."""


@contextmanager
def candidate(
    playwright: Playwright, house: House, profile: Path, **options: Any
) -> Iterator[Candidate]:
    someone = Candidate(playwright, house, profile, **options)
    try:
        yield someone
    finally:
        house.line.mode = "pass"
        with suppress(PlaywrightError):
            someone.context.close()


@contextmanager
def open_house(folder: Path, **settings: str) -> Iterator[House]:
    """A platform on free ports whose browsers reach the store over a `FaultyLine`, with numbered cameras."""
    ports = Ports.free()
    line = FaultyLine(("127.0.0.1", ports.store))
    extra = {"GREENROOM_STORE__PUBLIC_ENDPOINT": line.url, **settings}
    camera = make_camera(folder / "camera.mjpeg")
    microphone = make_microphone(folder / "microphone.wav")
    with CheckedPlatform(folder / "data", ports=ports, extra=extra) as platform:
        hr = HrSystem(platform.url, platform.api_key)
        hr.import_catalogue("store-manager", "screening")
        yield House(platform, line, hr, camera, microphone)
        assert not platform.breaches
    line.close()
