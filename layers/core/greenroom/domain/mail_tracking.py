"""When a mail counts as opened or its button as pressed: what a machine fetches ahead of a person does not."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PURPOSES = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_AHEAD = re.compile("prefetch|prerender|preview", re.IGNORECASE)
_MAIL_PRIVACY_PROTECTION = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself: it loads every picture when a mail arrives, unread."""


def is_ahead(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a program says that it fetches before anybody looks; header names in lower case.

    HEAD is how link scanners ask; the headers are those of browsers that prefetch (`Sec-Purpose`, WHATWG Fetch) or
    make previews. A scanner that passes for a browser cannot be told from one.
    """
    if method != "GET" or headers.get("user-agent", "").strip() == _MAIL_PRIVACY_PROTECTION:
        return True
    return any(_AHEAD.search(headers.get(name, "")) for name in _PURPOSES)
