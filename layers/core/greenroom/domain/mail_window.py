"""A stretch of time whose mails are to be sent again."""

from __future__ import annotations

from pydantic import AwareDatetime

from greenroom.domain.model import Document


class MailWindow(Document):
    """Mails that were given up and last tried between `since` and `until`, after an outage of the relay for example."""

    since: AwareDatetime
    until: AwareDatetime
