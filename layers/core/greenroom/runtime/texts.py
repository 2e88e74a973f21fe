"""The texts of pages: gettext catalogues of keys, read from ``locales/`` as they are (no compiled files).

English is the reference: its catalogue gives every key its text, and a key that another language lacks is
shown in English.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from greenroom.domain.model import Locale

LOCALES: tuple[Locale, ...] = ("zh-CN", "en")
REFERENCE: Locale = "en"


@cache
def texts(folder: Path, locale: Locale) -> Translations:
    """The catalogue of `locale` below `folder` (the project's ``locales``). Raises FileNotFoundError."""
    compiled = io.BytesIO()
    with catalogue_path(folder, locale).open("rb") as file:
        write_mo(compiled, read_po(file, locale=folder_name(locale), abort_invalid=True))
    compiled.seek(0)
    translations = Translations(compiled, domain="greenroom")
    if locale != REFERENCE:
        translations.add_fallback(texts(folder, REFERENCE))
    return translations


def catalogue_path(folder: Path, locale: Locale) -> Path:
    return folder / folder_name(locale) / "LC_MESSAGES" / "greenroom.po"


def folder_name(locale: Locale) -> str:
    """``zh-CN`` on the web is ``zh_CN`` in gettext."""
    return locale.replace("-", "_")


def choose_locale(*wishes: str | None, default: Locale) -> Locale:
    """The first wish that names a language we have (``zh``, ``zh-Hans-CN``, ``en-GB,en;q=0.9``)."""
    for wish in wishes:
        for part in (wish or "").split(","):
            language = part.partition(";")[0].strip().lower().partition("-")[0]
            for locale in LOCALES:
                if language == locale.lower().partition("-")[0]:
                    return locale
    return default
