"""The doctor's texts: what was found, and what to do about it, in the language that was asked for."""

from __future__ import annotations

from pathlib import Path

from greenroom.domain.model import Locale
from greenroom.runtime.texts import texts
from greenroom_cli.doctor.finding import Finding

FOLDER = Path(__file__).parent / "locales"


class Words:
    def __init__(self, locale: Locale) -> None:
        self._catalogue = texts(FOLDER, locale)

    def said(self, finding: Finding) -> str:
        return self._filled(f"{finding.code}.{finding.what}", finding)

    def mend(self, finding: Finding) -> str:
        """Empty where nothing is to be done."""
        if finding.level in ("good", "skipped"):
            return ""
        return self._filled(f"{finding.code}.{finding.what}.mend", finding)

    def _filled(self, key: str, finding: Finding) -> str:
        """A connection is spoken of in the same words wherever it leads."""
        _, line, what = key.partition(".line.")
        return self._catalogue.gettext(f"line.{what}" if line else key).format(**finding.values)
