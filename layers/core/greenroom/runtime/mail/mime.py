"""The MIME frame of one message: laid out once by the standard library, filled for each recipient.

`EmailMessage` costs 1.6 ms to build and flatten, a relay on the same machine 1 ms to take a mail. All
that differs between two candidates of a batch is three bodies and three header values, so the library
writes the message once with marks in their places, and a mail is the pieces joined around its own values.
"""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from greenroom.runtime.mail.calendar_entry import Method

_TO = b"to@mark.invalid"
_DATE = b"Thu, 01 Jan 1970 00:00:00 +0000"
_MESSAGE_ID = b"<message-id@mark.invalid>"
_BODIES = ("mark of the text", "mark of the html", "mark of the calendar")
_ENCODED = [b2a_base64(f"{mark}\r\n".encode(), newline=False) for mark in _BODIES]
_ONE_WORD = 45
"""Bytes that fit into one encoded word of 75 characters (RFC 2047); the library splits longer names."""


@dataclass(frozen=True)
class Parts:
    """What differs from mail to mail. Texts have CRLF lines."""

    name: str
    address: str
    message_id: str
    date: datetime
    text: str
    html: str
    calendar: bytes


class Frame:
    """Alternative text and HTML, and where there is one a calendar file beside them (multipart/mixed)."""

    def __init__(
        self, *, sender: str, subject: str, locale: str, calendar: Method | None = "PUBLISH"
    ) -> None:
        rest = _prototype(sender, subject, locale, calendar).as_bytes(policy=SMTP)
        self._pieces: list[bytes] = []
        self._order: list[bytes] = []
        marks = [_TO, _DATE, _MESSAGE_ID, *(_ENCODED if calendar else _ENCODED[:2])]
        for mark in sorted(marks, key=rest.index):
            piece, rest = rest.split(mark, 1)
            self._pieces.append(piece)
            self._order.append(mark)
        self._last = rest

    def fill(self, parts: Parts) -> bytes:
        """The message's bytes, with CRLF lines. The same parts give the same bytes."""
        values = {
            _TO: _mailbox(parts.name, parts.address),
            _DATE: format_datetime(parts.date).encode("ascii"),
            _MESSAGE_ID: parts.message_id.encode("ascii"),
            _ENCODED[0]: _base64(parts.text.encode()),
            _ENCODED[1]: _base64(parts.html.encode()),
            _ENCODED[2]: _base64(parts.calendar),
        }
        message: list[bytes] = []
        for piece, mark in zip(self._pieces, self._order, strict=True):
            message += (piece, values[mark])
        return b"".join((*message, self._last))


def _prototype(sender: str, subject: str, locale: str, calendar: Method | None) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _TO.decode()
    message["Subject"] = subject
    message["Date"] = _DATE.decode()
    message["Message-ID"] = _MESSAGE_ID.decode()
    message["Auto-Submitted"] = "auto-generated"
    text, html, entry = (f"{mark}\n" for mark in _BODIES)
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    message.set_boundary("greenroom-alternative")
    if calendar:
        message.add_attachment(
            entry,
            subtype="calendar",
            cte="base64",
            filename="interview.ics",
            params={"method": calendar},
        )
        message.set_boundary("greenroom-mixed")
    message["Content-Language"] = locale  # earlier it would have moved into the first part
    return message


def _mailbox(name: str, address: str) -> bytes:
    """A `To` value, folded; names that are not plain ASCII become encoded words (RFC 2047)."""
    if name.isascii():
        return formataddr((name, address)).encode("ascii")
    encoded = name.encode()
    if len(encoded) <= _ONE_WORD:
        return b"=?utf-8?b?%b?= <%b>" % (
            b2a_base64(encoded, newline=False),
            address.encode("ascii"),
        )
    words = Header(name, "utf-8", header_name="To").encode(linesep="\r\n")
    return f"{words}\r\n <{address}>".encode("ascii")


def _base64(body: bytes) -> bytes:
    """Base64 in lines of 76 (RFC 2045), without the last line's end."""
    encoded = b2a_base64(body, newline=False)
    return b"\r\n".join([encoded[at : at + 76] for at in range(0, len(encoded), 76)])
