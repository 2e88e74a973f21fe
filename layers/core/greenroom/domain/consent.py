"""Separate consents (C3): one per purpose, each given or declined by the candidate."""

from __future__ import annotations

from typing import Literal, get_args

from greenroom.domain.model import Document

Purpose = Literal["recording", "transcript", "face", "ai_scoring"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class Consents(Document):
    """What the candidate agreed to. Without `recording` there is no interview; the others are free."""

    recording: bool
    transcript: bool = False
    face: bool = False
    ai_scoring: bool = False

    def allows(self, purpose: Purpose) -> bool:
        return bool(getattr(self, purpose))
