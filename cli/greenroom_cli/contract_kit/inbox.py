"""The HTTP server that the fake EHR and the fake OA receive webhooks on, with one mailbox per registered endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError

from greenroom_cli.contract_kit.certificate import Broken

MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Arrival:
    """One request. `kept` says whether the mailbox took it; `verified` is the public library's word."""

    headers: dict[str, str]
    body: bytes
    event: dict[str, Any]
    verified: bool
    kept: bool

    @property
    def id(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def timestamp(self) -> int:
        return int(self.headers.get("webhook-timestamp", "0"))


@dataclass(frozen=True)
class Answer:
    """How one request is answered; `keeps` when the receiver has taken the event, whatever the sender learns of it."""

    give: Callable[[Connection, Mailbox], None]
    keeps: bool = False


@dataclass
class Mailbox:
    """What one endpoint receives. The first requests get the answers of `misbehaving`, all later ones 204.

    `next_secret` is the right one of a receiver that was set up with a wrong one.
    """

    name: str
    misbehaving: list[Answer] = field(default_factory=list)
    secret: str = ""
    next_secret: str = ""
    arrivals: list[Arrival] = field(default_factory=list)

    def kept(self, interview: str) -> list[Arrival]:
        """What it took about `interview`, each id once, in order of arrival."""
        first = {
            arrival.id: arrival
            for arrival in reversed(self.arrivals)
            if arrival.kept and arrival.event.get("subject") == interview
        }
        return list(first.values())[::-1]

    def attempts(self, event_id: str) -> list[Arrival]:
        """Every request that brought this event."""
        return [arrival for arrival in self.arrivals if arrival.id == event_id]


class Inbox:
    """Listens on `host` and `port` (0: a free one) from entering to leaving."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._mailboxes: dict[str, Mailbox] = {}
        self._news = threading.Condition()
        self.stopping = threading.Event()
        inbox = self

        class Bound(Connection):
            receiving = inbox

        self._server = _Server((host, port), Bound)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def open(self, name: str, misbehaving: Iterable[Answer] = ()) -> Mailbox:
        """A mailbox at the path ``/name``."""
        mailbox = Mailbox(name, list(misbehaving))
        self._mailboxes[name] = mailbox
        return mailbox

    def wait_for(self, holds: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Until `holds`, asked again after every arrival. Raises `Broken` (`not_in_time`)."""
        with self._news:
            if not self._news.wait_for(holds, timeout_s):
                raise Broken("not_in_time", what=what, seconds=round(timeout_s))

    def take(self, connection: Connection, body: bytes) -> None:
        """Keep what came, then answer it; the answer comes last so that waiting for it holds nobody up."""
        mailbox = self._mailboxes.get(connection.path.strip("/"))
        if mailbox is None:
            connection.answer(404)
            return
        headers = {name.lower(): value for name, value in connection.headers.items()}
        answer = mailbox.misbehaving.pop(0) if mailbox.misbehaving else ACKNOWLEDGE
        verified = _verified(mailbox.secret, body, headers)
        try:
            event = json.loads(body)
        except ValueError:
            event = {}
        with self._news:
            mailbox.arrivals.append(
                Arrival(headers, body, event, verified, verified and answer.keeps)
            )
            self._news.notify_all()
        if verified or not answer.keeps:
            answer.give(connection, mailbox)
        else:
            connection.answer(401)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a sender may come with all its connections at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: a sender that gave up, or a connection that was reset on purpose."""


class Connection(BaseHTTPRequestHandler):
    """One connection of a sender."""

    protocol_version = "HTTP/1.1"
    receiving: Inbox

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > MOST_BYTES:
            self.answer(413)
            return
        self.receiving.take(self, self.rfile.read(length))

    def answer(self, status: int, **headers: str) -> None:
        """An answer without a body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: the kit prints what matters itself."""


ACKNOWLEDGE = Answer(lambda connection, _: connection.answer(204), keeps=True)


def _verified(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError, RuntimeError):
        return False
    return True
