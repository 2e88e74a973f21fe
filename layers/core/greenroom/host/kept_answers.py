"""Answers that anybody may keep for ever, kept by the host itself, as a proxy in front of it would.

A room has some forty scripts, and everybody who enters asks for each once: most of what entering costs.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

MOST_BYTES = 16 * 2**20
"""Of all of them together; the static files of every page are about 1 MB."""


class KeptAnswers:
    """By path. Only what says that it is public and immutable; used by one event loop, so nothing is locked."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self._kept: dict[str, tuple[bytes, list[tuple[bytes, bytes]]]] = {}

    def get(self, request: Request) -> Response | None:
        """The answer to this request, where it is kept."""
        found = self._kept.get(request.scope["path"])
        if found is None or not _plain(request):
            return None
        response = Response(found[0])
        response.raw_headers = list(found[1])
        return response

    def keep(self, request: Request, response: Response) -> None:
        """Keep the answer, if anybody may, as long as there is room."""
        body = bytes(response.body)
        lasting = {"public", "immutable"} <= _words(response.headers.get("cache-control", ""))
        if not lasting or response.status_code != 200 or not _plain(request):
            return
        if request.scope["path"] not in self._kept and len(body) <= self._left:
            self._left -= len(body)
            self._kept[request.scope["path"]] = (body, list(response.raw_headers))


def _plain(request: Request) -> bool:
    """Its path says all of it."""
    return request.method in ("GET", "HEAD") and not request.scope["query_string"]


def _words(cache_control: str) -> set[str]:
    return {word.strip() for word in cache_control.split(",")}
