"""A kept mail as a mail program shows it. Mails are what strangers' programs wrote: nothing in one may break a page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes


@dataclass(frozen=True)
class Opened:
    """`headers` are the lines as they came. A mail has text, HTML, both, or neither."""

    headers: str
    text: str | None
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)


def open_mail(raw: bytes) -> Opened:
    """Take a mail apart; one that cannot be is shown as the text that it is."""
    head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = _text(head)
    try:
        message = message_from_bytes(raw, policy=policy.default)
        attachments = [_attachment(part) for part in message.iter_attachments()]
        return Opened(headers, _body(message, "plain"), _body(message, "html"), attachments)
    except Exception:  # noqa: BLE001  (the standard parser breaks on bad headers in many ways)
        return Opened(headers, _text(rest))


def subject_of(raw: bytes) -> str:
    """The subject in one line; empty when there is none or it cannot be read."""
    try:
        subject = message_from_bytes(raw, policy=policy.default).get("Subject", "")
    except Exception:  # noqa: BLE001  (as above)
        return ""
    return re.sub(r"\s+", " ", str(subject)).strip()


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else _text(_content(part))


def _attachment(part: MIMEPart) -> Attachment:
    return Attachment(part.get_filename() or "attachment", _content(part))


def _content(part: MIMEPart) -> bytes:
    """Decoded; as it came where its encoding or character set is unknown, or it holds further parts."""
    try:
        content = part.get_content()
    except LookupError:
        payload = part.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else part.as_bytes()
    return content.encode("utf-8", "replace") if isinstance(content, str) else bytes(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
