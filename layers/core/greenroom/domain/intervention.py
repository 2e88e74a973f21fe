"""What HR may say with an action on one interview 干预."""

from __future__ import annotations

from pydantic import AwareDatetime

from greenroom.domain.batch import Line
from greenroom.domain.model import Document


class Note(Document):
    """Why, for the process log. The candidate is not shown it."""

    reason: Line | None = None


class NewDeadline(Document):
    """Later than the interview's own; a deadline is never brought forward."""

    deadline: AwareDatetime
