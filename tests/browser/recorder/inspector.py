"""Looks at a screen as it is shown: a picture for people, axe for the rules, the width for phones."""

from __future__ import annotations

import os
from pathlib import Path

from tests.browser.recorder.candidate import Candidate

ROOT = Path(__file__).parents[3]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(os.environ.get("GREENROOM_ARTEFACTS", ROOT / "artefacts")) / "screens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Inspector:
    """What it complains of is in `found`, by the name of the screen."""

    def __init__(self, someone: Candidate) -> None:
        self._page = someone.page
        self._suffix = f"{someone.language}-{someone.width}.png"
        self._axe = AXE.read_text("utf-8")
        self.found: dict[str, object] = {}
        PICTURES.mkdir(parents=True, exist_ok=True)

    def look(self, name: str) -> None:
        self._page.screenshot(path=PICTURES / f"{name}-{self._suffix}", full_page=True)
        self._page.evaluate(self._axe)
        found = self._page.evaluate(
            "(rules) => axe.run({runOnly: rules}).then((result) => result.violations.map((one) =>"
            " [one.id, one.nodes.map((node) => node.target.join(' '))]))",
            RULES,
        )
        if self._page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("too wide")
        if found:
            self.found[name] = found
