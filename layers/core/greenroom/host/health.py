"""The probes of a process that serves no pages: ``/-/health`` while it lives, ``/-/ready`` when it can work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from greenroom.domain.errors import GreenroomError

HEALTH = "/-/health"
READY = "/-/ready"


def serve_probes(host: str, port: int, check: Callable[[], None]) -> ThreadingHTTPServer:
    """Answer from threads of their own; port 0 takes a free one. `check` raises `GreenroomError` when not ready."""

    class Probes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(_status(self.path, check))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """A probe every few seconds is no news."""

    server = ThreadingHTTPServer((host, port), Probes)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server


def _status(path: str, check: Callable[[], None]) -> int:
    if path == HEALTH:
        return 200
    if path != READY:
        return 404
    try:
        check()
    except GreenroomError:
        return 503
    return 204
