"""Mail over SMTP: one connection at a time, and permanent refusals told apart from passing trouble."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from greenroom.domain.errors import GreenroomError, Unavailable

_GO_AHEAD = 354


class MailRefused(GreenroomError):
    """The relay refuses this mail for good (5xx); `detail` is its answer. Other mails are not concerned."""

    code = "mail_refused"
    status = 502
    permanent = True


class MailPostponed(Unavailable):
    """The relay refuses this mail for now (4xx, e.g. greylisting); the connection stays usable."""

    code = "mail_postponed"


class RelayUnavailable(Unavailable):
    """The relay does not answer, hangs up, or refuses us altogether: no mail goes out now."""

    code = "mail_relay_unavailable"


@dataclass(frozen=True)
class Mailer:
    """The company's SMTP relay. `sender` is a `From` value; `timeout_s` holds for each reply."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    starttls: bool = False
    timeout_s: float = 30

    @contextmanager
    def connection(self) -> Iterator[MailConnection]:
        """One SMTP session. Raises `RelayUnavailable`."""
        with _as_relay_unavailable():
            smtp = _Greeted(self.host, self.port, timeout=self.timeout_s)
        try:
            with _as_relay_unavailable():
                smtp.ehlo_or_helo_if_needed()
                offered = smtp.has_extn("starttls")
                if self.starttls:
                    smtp.starttls(context=ssl.create_default_context())
                    smtp.ehlo()
                if self.username is not None:
                    smtp.login(self.username, self.password or "")
            yield MailConnection(smtp, parseaddr(self.sender)[1], offers_tls=offered)
        finally:
            _close(smtp)


class _Greeted(smtplib.SMTP):
    """smtplib forgets what the relay greeted with."""

    greeting = ""

    def connect(self, *where: Any, **how: Any) -> tuple[int, bytes]:
        code, words = super().connect(*where, **how)
        self.greeting = words.decode("utf-8", "replace")
        return code, words


class MailConnection:
    """An open SMTP session. `start` and `finish` take turns. `offers_tls`: the relay knows STARTTLS."""

    def __init__(self, smtp: _Greeted, sender: str, *, offers_tls: bool = False) -> None:
        self._smtp = smtp
        self._sender = sender
        self.offers_tls = offers_tls

    @property
    def greeting(self) -> str:
        """What the relay said first."""
        return self._smtp.greeting

    def certificate(self) -> dict[str, object] | None:
        """The relay's, as `SSLSocket.getpeercert` tells it; None where the session is in clear."""
        line = self._smtp.sock
        return dict(line.getpeercert() or {}) if isinstance(line, ssl.SSLSocket) else None

    def try_sender(self) -> str:
        """The relay's answer to our sender; nothing is sent. Raises as `start` does."""
        with _as_relay_unavailable():
            answer = self._step(*self._smtp.mail(self._sender), sender=True)
            self._smtp.rset()
            return answer

    def start(self, recipient: str, message: bytes) -> None:
        """Hand over one message, without waiting until the relay has taken it.

        `message` has CRLF lines, the last one ended too, and begins with a header.

        Raises `MailRefused`, `MailPostponed`, or `RelayUnavailable` when the connection is of no more use.
        """
        with _as_relay_unavailable():
            self._step(*self._smtp.mail(self._sender), sender=True)
            self._step(*self._smtp.rcpt(recipient))
            code, answer = self._smtp.docmd("data")
            if code != _GO_AHEAD:
                raise RelayUnavailable(self._step(code, answer))
            # A line's leading dot is doubled: alone it would end the message (RFC 5321, 4.5.2).
            self._smtp.send(message.replace(b"\n.", b"\n..") + b".\r\n")

    def finish(self) -> str:
        """Wait for the answer to what was started, such as ``250 2.0.0 queued``.

        Raises as `start` does. On `RelayUnavailable` the relay may have taken the message all the same.
        """
        with _as_relay_unavailable():
            return self._step(*self._smtp.getreply())

    def _step(self, code: int, answer: bytes, *, sender: bool = False) -> str:
        text = f"{code} {answer.decode('utf-8', 'replace')}"
        if 200 <= code < 300:
            return text
        if code == 421 or (sender and code >= 500):
            # It is closing, or wants no mail from us at all: a setting is wrong, not a candidate's address.
            raise RelayUnavailable(text)
        self._smtp.rset()
        raise MailRefused(text) if code >= 500 else MailPostponed(text)


@contextmanager
def _as_relay_unavailable() -> Iterator[None]:
    """What smtplib and the socket raise about the connection itself."""
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        raise RelayUnavailable(f"{type(error).__name__}: {error}") from error


def _close(smtp: smtplib.SMTP) -> None:
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()  # the relay hung up first; every mail's fate was already known
