"""Pages of a list: how many at once, and where the next page is (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from greenroom.domain.errors import Invalid

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


def page_size(query: Mapping[str, str]) -> int:
    """`limit`, or the usual one. Raises `Invalid` (`invalid_query`)."""
    text = query.get("limit")
    if not text:
        return PAGE_SIZE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MAX_PAGE_SIZE:
        raise Invalid(f"limit: a number from 1 to {MAX_PAGE_SIZE}", code="invalid_query")
    return int(text[:6])


def only_known(query: Mapping[str, str], names: set[str]) -> None:
    """A misspelt filter must not answer with everything. Raises `Invalid` (`invalid_query`)."""
    unknown = sorted(set(query) - names)
    if unknown:
        known = ", ".join(sorted(names))
        raise Invalid(
            f"no such parameter: {unknown[0][:60]!r}; known: {known}", code="invalid_query"
        )


def next_page(path: str, query: Mapping[str, str], after: str | None) -> str | None:
    """The path of the next page, with the same filters; None on the last one."""
    return None if after is None else f"{path}?{urlencode({**query, 'after': after})}"


def links(path: str, query: Mapping[str, str], following: str | None) -> dict[str, str]:
    """The `Link` header: the first page, and the next one where there is more."""
    rest = {name: value for name, value in query.items() if name != "after"}
    first = f"{path}?{urlencode(rest)}" if rest else path
    found = [f'<{first}>; rel="first"']
    if following is not None:
        found.append(f'<{following}>; rel="next"')
    return {"Link": ", ".join(found)}
