"""The probes of a process that serves no pages: ``/-/health`` while it lives, ``/-/ready`` when it can work; and
``/-/metrics``, what it uses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from greenroom.domain.errors import GreenroomError
from greenroom.host.own_metrics import METRICS, own_metrics
from greenroom.runtime.metrics import MEDIA_TYPE

HEALTH = "/-/health"
READY = "/-/ready"


def serve_probes(host: str, port: int, check: Callable[[], None]) -> ThreadingHTTPServer:
    """Answer from threads of their own; port 0 takes a free one. `check` raises `GreenroomError` when not ready."""

    class Probes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = own_metrics().encode() if self.path == METRICS else b""
            self.send_response(200 if said else _status(self.path, check))
            if said:
                self.send_header("Content-Type", MEDIA_TYPE)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

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
