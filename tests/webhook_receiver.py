"""An EHR's webhook endpoint for tests: a real HTTP server that verifies signatures and can misbehave.

Every webhook that reaches it is held to AsyncAPI.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook

from greenroom_cli.contract_kit.contracts import shipped


@dataclass(frozen=True)
class Received:
    """One request. `answered` is the status it got."""

    id: str
    timestamp: int
    verified: bool
    headers: dict[str, str]
    body: bytes
    event: dict[str, Any]
    answered: int

    @property
    def step(self) -> tuple[str, int]:
        return self.event["subject"], self.event["sequence"]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # of five, a sender's sixteen connections at once would lose some


class WebhookReceiver:
    """`answers` decides the status of each request; it may also wait. Everything that came is in `received`."""

    def __init__(self, answers: Callable[[dict[str, Any]], int] = lambda event: 204) -> None:
        self.secret = "whsec_" + "QUJD" * 11
        self.answers = answers
        self.received: list[Received] = []
        self.hits = 0
        self.breaches: list[str] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the sender was killed
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver._take(body, headers)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def taken(self) -> list[Received]:
        """What was answered with 2xx, each id once, in order of arrival: what a receiver keeps."""
        with self._news:
            kept = {item.id: item for item in reversed(self.received) if item.answered < 300}
        return list(kept.values())[::-1]

    def wait_until(self, holds: Callable[[Self], bool], timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        with self._news:
            while not holds(self):
                assert self._news.wait(deadline - time.monotonic()), f"only {self.received}"

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        verified = self._is_ours(body, headers)
        event = json.loads(body)
        self.breaches += shipped().event(event)
        with self._news:
            self.hits += 1
            self._news.notify_all()
        status = self.answers(event) if verified else 401
        with self._news:
            self.received.append(
                Received(
                    headers["webhook-id"],
                    int(headers["webhook-timestamp"]),
                    verified,
                    headers,
                    body,
                    event,
                    status,
                )
            )
            self._news.notify_all()
        return status

    def _is_ours(self, body: bytes, headers: dict[str, str]) -> bool:
        """The library's signature over what came; its age is not judged, so that tests may turn the clock."""
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        ours = Webhook(self.secret).sign(headers["webhook-id"], sent_at, body.decode())
        return ours in headers["webhook-signature"].split(" ")

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.breaches
