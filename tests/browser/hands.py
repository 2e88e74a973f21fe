"""Two ways to use a page: with a mouse, and with a keyboard that never leaves the order of the tab key."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from playwright.sync_api import Locator

FARTHEST = 400
"""Presses of Tab after which nobody would look further."""
TOWARDS = "one => document.activeElement.compareDocumentPosition(one) === 2 ? 'Shift+Tab' : 'Tab'"
FOCUSED = "one => one === document.activeElement"


class Hand(Protocol):
    def press(self, target: Locator) -> None:
        """A link or a button."""

    def tick(self, target: Locator) -> None:
        """A checkbox or a radio button, which may lie under its label."""

    def write(self, target: Locator, words: str) -> None:
        """In the place of what the field held."""

    def choose(self, target: Locator, option: str) -> None:
        """An option of a list by its words."""


class Mouse:
    """Points and clicks; letters come from a keyboard all the same."""

    def press(self, target: Locator) -> None:
        target.click()

    def tick(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, words: str) -> None:
        target.click(click_count=3)
        target.fill(words)

    def choose(self, target: Locator, option: str) -> None:
        target.select_option(label=option)


class Keyboard:
    """Tab, space, Enter, arrows and letters; whatever they do not reach cannot be used."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        if target.get_attribute("type") == "checkbox":
            self._reach(target)
            target.page.keyboard.press("Space")
            return
        # Tab reaches one of a group of radio buttons, arrows the others; a group that is left is entered anew.
        self._reach(target, "one => document.activeElement.name === one.name")
        if target.evaluate(FOCUSED):
            target.page.keyboard.press("Space")
        for _ in range(20):
            if target.is_checked():
                return
            target.page.keyboard.press("ArrowRight")
        raise AssertionError(f"arrows do not reach {target}")

    def write(self, target: Locator, words: str) -> None:
        self._reach(target)
        if target.get_attribute("type") == "datetime-local":
            moment = datetime.fromisoformat(words)
            target.page.keyboard.type(moment.strftime("%m%d%Y"))
            target.page.keyboard.press("ArrowRight")  # a year may have six figures
            target.page.keyboard.type(moment.strftime("%I%M%p"))
            return
        target.page.keyboard.press("ControlOrMeta+a")
        target.page.keyboard.insert_text(words)

    def choose(self, target: Locator, option: str) -> None:
        self._reach(target)
        target.page.keyboard.press("Home")
        for _ in range(target.locator("option").count()):
            if target.evaluate("list => list.selectedOptions[0].label") == option:
                return
            target.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option {option!r}")

    def _reach(self, target: Locator, reached: str = FOCUSED) -> None:
        """Tab until it has the focus, backwards to what lies before; on a page that is all there."""
        target.wait_for(state="attached")
        for _ in range(FARTHEST):
            if (key := target.evaluate(f"one => ({reached})(one) ? '' : ({TOWARDS})(one)")) == "":
                return
            target.page.keyboard.press(key)
        raise AssertionError(f"Tab does not reach {target}")
