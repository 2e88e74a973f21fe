"""The terminal that a command is typed into."""

from __future__ import annotations

import locale
import os


def system_locale() -> str | None:
    """What the terminal is set to, e.g. ``zh_CN``."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return (spoken or locale.getlocale()[0] or "").partition("_")[0] or None
