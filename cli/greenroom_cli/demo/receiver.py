"""An EHR's webhook endpoint: receives, verifies the signature, keeps the order of arrival."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Received:
    """One webhook as it arrived. `event` is the body's JSON."""

    id: str
    type: str
    verified: bool
    event: dict[str, Any]


class Receiver:
    """A real HTTP server on loopback. `secret` is set once the endpoint is registered."""

    def __init__(self) -> None:
        self.secret = ""
        self._received: list[Received] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                verified = receiver._take(self.rfile.read(length), dict(self.headers.items()))
                self.send_response(204 if verified else 401)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet: the demo prints what matters itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/greenroom"

    @property
    def received(self) -> list[Received]:
        """Distinct webhooks by id, in order of arrival."""
        with self._news:
            return list({item.id: item for item in reversed(self._received)}.values())[::-1]

    def wait_for(self, types: set[str], interview: str, timeout_s: float) -> Received | None:
        """The first webhook of one of `types` about `interview`; None when it does not come in time."""

        def found() -> Received | None:
            for item in self._received:
                if item.type in types and item.event.get("subject") == interview:
                    return item
            return None

        with self._news:
            self._news.wait_for(lambda: found() is not None, timeout_s)
            return found()

    def _take(self, body: bytes, headers: dict[str, str]) -> bool:
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(self.secret).verify(body, lowered)
            verified = True
        except WebhookVerificationError:
            verified = False
        event = json.loads(body)
        with self._news:
            self._received.append(
                Received(lowered.get("webhook-id", ""), str(event["type"]), verified, event)
            )
            self._news.notify_all()
        return verified

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
