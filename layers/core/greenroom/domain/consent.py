"""Separate consents (C3): one per purpose, each given or declined by the candidate, and withdrawn at will."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from greenroom.domain.model import Document

Purpose = Literal["recording", "transcript", "face", "ai_scoring", "identity", "development"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

ANALYSED: frozenset[Purpose] = frozenset({"recording", "transcript", "face", "ai_scoring"})
"""Purposes that the analysis rests on: when one is withdrawn, what was inferred goes."""

RECORDING_WITHDRAWN = "recording_withdrawn"
"""A flag for HR: 已撤回录制同意, the candidate no longer agrees to the recording."""


class Consents(Document):
    """What the candidate agreed to. Without `recording` there is no interview; the others are free.

    `identity` is asked only where the template wants a picture of the identity card or of the candidate,
    `development` only where it wants development plans: what was weak goes to the training and performance systems
    when the candidate is hired.
    """

    recording: bool
    transcript: bool = False
    face: bool = False
    ai_scoring: bool = False
    identity: bool = False
    development: bool = False

    def allows(self, purpose: Purpose) -> bool:
        return bool(getattr(self, purpose))

    @property
    def scorable(self) -> bool:
        """Whether software may score: whoever takes back the recording takes back what is made of it."""
        return self.recording and self.ai_scoring

    def beyond(self, others: Consents) -> list[Purpose]:
        """The purposes that are agreed to here and not in `others`."""
        return [one for one in PURPOSES if self.allows(one) and not others.allows(one)]


NO_CONSENTS = Consents(recording=False)


class Withdrawal(Document):
    """uploads/{interview}/withdrawal.json: what the analysis rests on was taken back."""

    interview: str
    purposes: list[Purpose]
    withdrawn_at: datetime
