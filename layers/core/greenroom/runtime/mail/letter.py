"""Writes a message to a candidate from its templates: subject, text, HTML and calendar entry."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_gmt, get_timezone_name
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from greenroom.domain.ids import derived_id
from greenroom.domain.interview import INVITATION
from greenroom.domain.message import AFTERWARDS, CANCELLED
from greenroom.domain.model import text_in
from greenroom.runtime.mail.calendar_entry import Entry, Method
from greenroom.runtime.mail.mime import Frame, Parts
from greenroom.runtime.tokens import MailClaims, issue_candidate_token, issue_mail_token

if TYPE_CHECKING:
    from greenroom.adapters.database import InterviewRow

GRACE = timedelta(days=14)
"""How long a link outlives the deadline: it still opens the page that shows where the interview stands."""

_NAME, _LINK = "\ue000name\ue000", "\ue000link\ue000"
_WAY_IN, _PIXEL = "\ue000way-in\ue000", "\ue000pixel\ue000"
"""Marks in the rendered bodies; `one_line` leaves no such character in a name."""

_DAY = {"zh-CN": "M月d日 HH:mm", "en": "d MMMM, HH:mm"}
_BREAKS = {"Cc", "Zl", "Zp"}
_UNKNOWN = {"Cn", "Co", "Cs"}
_EMBEDDINGS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_FULL = {"zh-CN": "y年M月d日 EEEE HH:mm", "en": "EEEE, d MMMM y, HH:mm"}


@dataclass(frozen=True)
class House:
    """What all messages of this installation share. `sender` is a `From` value, its name the company's.

    `templates` is the folder `email_templates`. `tracking`: mails of batches that allow it tell when they are opened.
    """

    sender: str
    public_url: str
    token_key: str
    time_zone: str
    templates: Path
    tracking: bool = False


@dataclass(frozen=True)
class Letter:
    """A message ready to be sent; `content` are its bytes, `link_expires` the end of a personal link."""

    recipient: str
    message_id: str
    link_expires: datetime | None
    content: bytes


@dataclass(frozen=True)
class Deadline:
    """The deadline in the candidate's words: `day` for a subject line, `full` with weekday and time zone."""

    day: str
    full: str

    @classmethod
    def of(cls, moment: datetime, locale: str, time_zone: str) -> Deadline:
        local = moment.astimezone(ZoneInfo(time_zone))
        language = locale.replace("-", "_")
        zone = get_timezone_name(local, locale=language)
        offset = get_timezone_gmt(local, "long", locale="en").replace("GMT", "UTC")
        day = format_datetime(local, _DAY[locale], locale=language)
        full = format_datetime(local, _FULL[locale], locale=language)
        return cls(
            day,
            f"{full}（{zone}，{offset}）" if locale == "zh-CN" else f"{full} ({zone}, {offset})",
        )


class Letters:
    """Writes letters; what the candidates of one batch share in one language is made once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._shared: dict[tuple[str, str, str, str | None, datetime], _Shared] = {}

    def write(self, message: str, to: InterviewRow, *, number: int, now: datetime) -> Letter:
        """One candidate's copy of `message`, a folder of `email_templates`.

        `number` tells copies sent on purpose apart: the same number has the same Message-ID, so that a mail
        sent twice because of a crash can be recognised as one.
        """
        which = (message, to.batch_id, to.locale, to.time_zone, to.deadline)
        shared = self._shared.get(which)
        if shared is None:
            shared = self._shared[which] = _Shared(message, to, self._house)
        told_after = message in AFTERWARDS
        expires = (max(to.deadline, now) if told_after else to.deadline) + GRACE
        token = issue_candidate_token(self._house.token_key, to.id, to.token_version, expires)
        base = self._house.public_url.rstrip("/")
        link = f"{base}/i/{token}"
        way_in, pixel = link, ""
        if shared.tracked:
            way_in = f"{link}/from/{message}/{number}"
            mail = issue_mail_token(
                self._house.token_key, MailClaims(to.id, to.token_version, message, number), expires
            )
            pixel = f"{base}/portal/mails/{mail}/pixel.svg"
        identity = derived_id("msg", to.id, message, str(number))
        name = one_line(to.candidate_name)
        parts = Parts(
            name=name,
            address=to.candidate_email,
            message_id=f"<{identity}@{shared.domain}>",
            date=now,
            text=shared.text.replace(_LINK, link).replace(_NAME, name),
            html=shared.html.replace(_LINK, escape(link))
            .replace(_WAY_IN, escape(way_in))
            .replace(_PIXEL, escape(pixel))
            .replace(_NAME, escape(name)),
            calendar=shared.entry.fill(uid=f"{to.id}@{shared.domain}", link=link)
            if shared.entry
            else b"",
        )
        return Letter(to.candidate_email, parts.message_id, expires, shared.frame.fill(parts))


class _Shared:
    """A message in one language for one batch: everything but the candidate.

    The templates are rendered once, with marks for the name and the link: rendering them for each mail took
    0.3 ms of the 1 ms that a relay needs. So a template may print `name` and `link`, nothing else; in HTML also
    `way_in`, the link of the button, and `pixel`, which is there where the mail is `tracked`.
    """

    def __init__(self, message: str, to: InterviewRow, house: House) -> None:
        company, address = parseaddr(house.sender)
        self.domain = address.rpartition("@")[2]
        folder = f"{message}/{to.locale}"
        invitation = f"{INVITATION}/{to.locale}"
        templates = environment(house.templates)
        self.tracked = house.tracking and to.plan.mail_tracking
        deadline = Deadline.of(to.deadline, to.locale, to.time_zone or house.time_zone)
        questions = to.plan.template.questions
        words: dict[str, Any] = {
            "name": _NAME,
            "link": _LINK,
            "way_in": _WAY_IN,
            "pixel": _PIXEL,
            "tracked": self.tracked,
            "locale": to.locale,
            "company": one_line(company),
            "job": one_line(text_in(to.plan.model.job, to.locale)),
            "deadline": deadline,
            "notice": text_in(to.plan.policy.notice.text, to.locale)
            if to.plan.policy.notice
            else "",
            "human_review": to.plan.policy.human_review,
            "total_s": round(sum(item.think_s + item.max_s for item in questions) / 60) * 60,
            "guide": templates.get_template(f"{invitation}/guide.txt").render().splitlines(),
            "questions": [
                {
                    **item.model_dump(include={"think_s", "min_s", "max_s", "takes", "tracks"}),
                    "text": text_in(item.text, to.locale),
                    "hint": text_in(item.hint, to.locale) if item.hint else "",
                }
                for item in questions
            ],
        }
        subject = one_line(templates.get_template(f"{folder}/subject.txt").render(words))
        words["subject"] = subject
        calendar = templates.get_template(f"{invitation}/calendar.txt").render(words)
        summary, _, description = calendar.strip().partition("\n")
        method = _method(message)
        self.frame = Frame(sender=house.sender, subject=subject, locale=to.locale, calendar=method)
        self.entry = method and Entry(
            summary=summary,
            description=description,
            deadline=to.deadline,
            stamp=to.created_at,
            method=method,
        )
        self.text = templates.get_template(f"{folder}/body.txt").render(words).replace("\n", "\r\n")
        self.html = (
            templates.get_template(f"{folder}/body.html").render(words).replace("\n", "\r\n")
        )


def _method(message: str) -> Method | None:
    """What a calendar is to do with a message's entry; None for one without."""
    if message == CANCELLED:
        return "CANCEL"
    return None if message in AFTERWARDS else "PUBLISH"


@cache
def environment(folder: Path) -> Environment:
    """A folder's templates, compiled once per process. HTML escapes what it prints; text needs `one_line` names."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def one_line(text: str) -> str:
    """`text` without line breaks, control, private and bidirectional override characters.

    A name ends up in headers and in the plain text, where a line of its own or reversed letters could
    pass for something that the company wrote. Joiners stay: emoji and Persian need them.
    """
    if text.isprintable():  # Python counts none of these characters as printable
        return " ".join(text.split())
    kept = (" " if unicodedata.category(char) in _BREAKS else char for char in text)
    return " ".join("".join(char for char in kept if not _misleads(char)).split())


def _misleads(char: str) -> bool:
    return unicodedata.bidirectional(char) in _EMBEDDINGS or unicodedata.category(char) in _UNKNOWN
