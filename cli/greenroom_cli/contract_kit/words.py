"""The kit's own texts, in the language that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.domain.model import Locale
from greenroom.runtime.texts import texts

if TYPE_CHECKING:
    from greenroom_cli.contract_kit.certificate import Check

FOLDER = Path(__file__).parent / "locales"


class Words:
    def __init__(self, locale: Locale) -> None:
        self._catalogue = texts(FOLDER, locale)

    def say(self, key: str, **values: object) -> str:
        """The text of `key` with its placeholders filled."""
        return self._catalogue.gettext(key).format(**values)

    def check(self, check: Check) -> str:
        """What was tried."""
        return self.say(f"check.{check.id}")

    def why(self, check: Check) -> str | None:
        """Why it failed; None when it passed."""
        return None if check.reason is None else self.say(f"why.{check.reason}", **check.values)
