"""我的面试状态: what the candidate's page tells about each answer, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.portal.received import Received, ledger_over, received
from greenroom.domain.errors import Unavailable
from greenroom.domain.interview import RECORDABLE, InterviewState

if TYPE_CHECKING:
    from functions.portal.interview import AnswerView, InterviewView
    from functions.portal.settings import Settings
    from greenroom.domain.assembly import AssembledTrack
    from greenroom.domain.ledger import Ledger
    from greenroom.domain.quality import Finding
    from greenroom.runtime.function import Function

_S = InterviewState
STEPS: tuple[tuple[str, frozenset[InterviewState]], ...] = (
    ("invited", frozenset({_S.CREATED, _S.INVITED, _S.OPENED})),
    ("recording", frozenset({_S.IN_PROGRESS, _S.RE_RECORD})),
    ("processing", frozenset({_S.SUBMITTED})),
    ("done", frozenset({_S.SCORED, _S.HUMAN_REVIEW, _S.DECIDED})),
)
"""What the candidate is told, and the states behind each step."""

ADVICE = {
    "duration_s": "longer",
    "fps": "smooth",
    "frozen_share": "smooth",
    "height_px": "sharp",
    "blur_share": "sharp",
    "screen_height_px": "screen",
    "black_share": "light",
    "covered_share": "light",
    "low_light_share": "light",
    "no_face_share": "face",
    "several_faces_share": "alone",
    "silence_share": "microphone",
    "loudness_lufs": "microphone",
    "clipping_share": "quieter",
    "snr_db": "quiet_room",
    "lost_share": "network",
    "av_offset_s": "browser",
    "av_drift_s": "browser",
}
"""What to do about a finding of the quality check; measures without an entry say nothing a candidate can change."""


@dataclass(frozen=True)
class AnswerStatus:
    """One answer: what is asked, what was received of it, and what its quality means in words."""

    view: AnswerView
    received: Received | None

    @property
    def tracks(self) -> list[AssembledTrack]:
        return self.received.assembly.tracks if self.received else []

    @property
    def in_full(self) -> bool:
        """Whether everything that was recorded is in the recordings."""
        return bool(self.tracks) and all(track.status == "complete" for track in self.tracks)

    @property
    def verdict(self) -> str | None:
        """The quality check's verdict, None until it has one."""
        quality = self.received.quality if self.received else None
        return quality.verdict if quality else None

    @property
    def advice(self) -> list[str]:
        """What to do better next time, while there is a next time; each once."""
        if not self.view.recordable:
            return []
        told = (ADVICE.get(finding.code) for finding in self._findings if _to_be_told(finding))
        return list(dict.fromkeys(key for key in told if key))

    @property
    def _findings(self) -> list[Finding]:
        quality = self.received.quality if self.received else None
        return quality.findings if quality else []


@dataclass(frozen=True)
class Status:
    """Everything that the page shows about an interview. `known` is False while the store does not answer."""

    view: InterviewView
    answers: list[AnswerStatus]
    ledger: Ledger
    known: bool
    now: datetime

    @property
    def steps(self) -> list[str]:
        return [name for name, _ in STEPS]

    @property
    def step(self) -> int | None:
        """The step that the interview is in; None when it was called off."""
        found = (number for number, (_, states) in enumerate(STEPS) if self.view.state in states)
        return next(found, None)

    @property
    def startable(self) -> bool:
        """Whether the way into the room is open."""
        return self.view.state in RECORDABLE and self.now < self.view.deadline

    @property
    def late(self) -> bool:
        return self.view.state in RECORDABLE and not self.startable

    @property
    def minutes(self) -> int:
        """About how long it takes: thinking and the longest answers, in whole minutes, at least one."""
        return max(1, round(sum(item.think_s + item.max_s for item in self.view.questions) / 60))


def status_of(view: InterviewView, app: Function[Settings]) -> Status:
    """The page opens also while the store is away; then it says so in place of the receipts."""
    found: dict[str, Received] = {}
    known = True
    if any(answer.attempts for answer in view.answers):
        try:
            found = received(view.interview, app)
        except Unavailable as error:
            app.logger.warning("receipts_unavailable", code=error.code, detail=error.detail)
            known = False
    return Status(
        view=view,
        answers=[AnswerStatus(item, found.get(item.answer)) for item in view.answers],
        ledger=ledger_over(view.interview, found),
        known=known,
        now=app.clock(),
    )


def _to_be_told(finding: Finding) -> bool:
    return finding.level in ("warning", "re_record")
