"""Writes a message to an interviewer: which interview is theirs, and the way to the desk."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING

from greenroom.domain.ids import derived_id
from greenroom.domain.model import text_in
from greenroom.runtime.mail.letter import Deadline, House, Letter, environment, one_line
from greenroom.runtime.mail.mime import Frame, Parts

if TYPE_CHECKING:
    from greenroom.adapters.database import InterviewRow


def write_notice(
    message: str, about: InterviewRow, recipient: str, house: House, *, number: int, now: datetime
) -> Letter:
    """A copy of `message`, a folder of `email_templates`, to an interviewer's address.

    It names the candidate and the job; everything else is behind the desk's door. It is in the language of the
    interview, which whoever evaluates it reads.
    """
    company, address = parseaddr(house.sender)
    templates, locale = environment(house.templates), about.locale
    desk = f"{house.public_url.rstrip('/')}/console/interviews/{about.id}/desk"
    words = {
        "candidate": one_line(about.candidate_name),
        "job": one_line(text_in(about.plan.model.job, locale)),
        "company": one_line(company),
        "deadline": Deadline.of(about.deadline, locale, house.time_zone),
        "link": desk,
        "way_in": desk,
        "tracked": False,
        "locale": locale,
    }
    folder = f"{message}/{locale}"
    subject = one_line(templates.get_template(f"{folder}/subject.txt").render(words))
    words["subject"] = subject
    body = {
        kind: templates.get_template(f"{folder}/body.{kind}").render(words).replace("\n", "\r\n")
        for kind in ("txt", "html")
    }
    identity = derived_id("msg", about.id, message, str(number))
    parts = Parts(
        name="",
        address=recipient,
        message_id=f"<{identity}@{address.rpartition('@')[2]}>",
        date=now,
        text=body["txt"],
        html=body["html"],
        calendar=b"",
    )
    frame = Frame(sender=house.sender, subject=subject, locale=locale, calendar=None)
    return Letter(recipient, parts.message_id, None, frame.fill(parts))
