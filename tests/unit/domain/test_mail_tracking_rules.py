"""Who fetches a mail's picture: a person's program, or one that looks ahead and says so."""

from __future__ import annotations

import pytest

from greenroom.domain.mail_tracking import is_ahead

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("method", "headers", "ahead"),
    [
        ("GET", {"user-agent": FIREFOX}, False),
        ("GET", {}, False),
        ("GET", {"user-agent": f"{FIREFOX} (via ggpht.com GoogleImageProxy)"}, False),
        ("HEAD", {"user-agent": FIREFOX}, True),
        ("GET", {"user-agent": "Mozilla/5.0"}, True),
        ("GET", {"user-agent": FIREFOX, "sec-purpose": "Prefetch;prerender"}, True),
        ("GET", {"user-agent": FIREFOX, "purpose": "preview"}, True),
        ("GET", {"user-agent": FIREFOX, "x-purpose": "preview"}, True),
        ("GET", {"user-agent": FIREFOX, "x-moz": "prefetch"}, True),
        ("GET", {"user-agent": FIREFOX, "purpose": "navigation"}, False),
    ],
)
def test_only_what_says_so_looks_ahead(method: str, headers: dict[str, str], ahead: bool) -> None:
    assert is_ahead(method, headers) is ahead
