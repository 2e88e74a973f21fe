"""What the codes of a verdict mean, for people."""

from __future__ import annotations

from pathlib import Path

from greenroom.domain.model import LocalizedText
from greenroom.runtime.texts import LOCALES, texts

_CATALOGUES = Path(__file__).parents[2] / "locales"


def words(codes: list[str]) -> list[LocalizedText]:
    """For each code one sentence in every language of ours: ``blur_share`` is 画面模糊无法识别."""
    return [
        {locale: texts(_CATALOGUES, locale).gettext(f"defect.{code}") for locale in LOCALES}
        for code in codes
    ]
