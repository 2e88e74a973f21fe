"""Every mail to be looked at before it is sent: as the mail programs of candidates would show it, and as text."""

from __future__ import annotations

import email
import secrets
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING

import icalendar

from functions.console.mail_sample import sample_interview
from functions.console.page import locale_of, render
from greenroom.domain.errors import NotFound
from greenroom.domain.message import ASSIGNED, READY, TO_INTERVIEWERS
from greenroom.domain.model import Locale
from greenroom.runtime.http import Request, Response
from greenroom.runtime.mail.letter import House, Letters
from greenroom.runtime.mail.notice import write_notice
from greenroom.runtime.texts import choose_locale

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

TEMPLATES = Path(__file__).resolve().parents[2] / "email_templates"
MAILS = (
    "invitation_created",
    "reminder_guidance",
    "reminder_deadline",
    "deadline_missed",
    "invitation_re_record",
    "invitation_cancelled",
    "received",
    "result_hire",
    "result_advance",
    "result_reject",
    ASSIGNED,
    READY,
)
"""In the order in which candidates may get them, then those to interviewers; each a folder of `email_templates`."""
SENDER: dict[Locale, str] = {
    "zh-CN": "示例公司 <hr@example.com>",
    "en": "Sample Company <hr@example.com>",
}
_FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
"""What a mail may do in its frame: be looked at."""


@dataclass(frozen=True)
class Preview:
    """One mail read back from the bytes that would be sent. `entry` is its calendar entry's method, None without."""

    mail: EmailMessage
    entry: str | None

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        found = self.mail.get_body((kind,))
        return str(found.get_content()) if isinstance(found, EmailMessage) else ""


def mails_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/mails``: every mail with its subject, in the language of the page."""
    shown = [(name, _preview(name, request, app).mail["Subject"]) for name in MAILS]
    return render(request, app, "mails.html", mails=shown, batch=_batch(request))


def mail_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/mails/{mail}?batch=``: one mail; with the questions and the policy of a batch where one is named.

    Raises `NotFound` (`unknown_mail`, `unknown_batch`).
    """
    name = _known(request)
    return render(
        request,
        app,
        "mail.html",
        name=name,
        preview=_preview(name, request, app),
        batch=_batch(request),
        language=_language(request),
    )


def mail_html(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/mails/{mail}/html``: the HTML alone, for the frame. Raises what `mail_page` raises."""
    preview = _preview(_known(request), request, app)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _FRAMED,
        "X-Content-Type-Options": "nosniff",
    }
    return Response.html(preview.html, 200, headers)


def _preview(name: str, request: Request, app: Function[Settings]) -> Preview:
    locale, now = _language(request), app.clock()
    plan = None
    if batch := _batch(request):
        with app.database.begin() as tx:
            plan = tx.batches.get(batch).plan
    house = House(
        sender=SENDER[locale],
        public_url=app.settings.links.public_url,
        # A link that opens nothing: it is signed with a key that is forgotten at once.
        token_key=secrets.token_hex(32),
        time_zone=app.settings.time_zone,
        templates=TEMPLATES,
    )
    to = sample_interview(plan, locale, now)
    if name in TO_INTERVIEWERS:
        letter = write_notice(name, to, "interviewer@example.com", house, number=1, now=now)
    else:
        letter = Letters(house).write(name, to, number=1, now=now)
    mail = email.message_from_bytes(letter.content, policy=SMTP)
    assert isinstance(mail, EmailMessage)  # noqa: S101  (that is what the policy makes)
    return Preview(mail, _method(mail))


def _method(mail: EmailMessage) -> str | None:
    for part in mail.iter_attachments():
        calendar = icalendar.Calendar.from_ical(part.get_content())
        return str(calendar["method"]).lower()
    return None


def _known(request: Request) -> str:
    name = request.params["mail"]
    if name not in MAILS:
        raise NotFound(f"no mail {name[:100]!r}", code="unknown_mail")
    return name


def _batch(request: Request) -> str:
    return request.query.get("batch", "")


def _language(request: Request) -> Locale:
    """The mail's own, that of the page where none is asked for."""
    return choose_locale(request.query.get("language"), default=locale_of(request))
