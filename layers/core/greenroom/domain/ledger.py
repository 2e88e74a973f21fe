"""The loss ledger of an interview: what was recorded against what was saved, every gap with its cause."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from greenroom.domain.assembly import Assembly, Gap, GapCause
from greenroom.domain.manifest import Began, Manifest, TrackManifest
from greenroom.domain.model import Document, Slug
from greenroom.domain.template import TrackName

Amount = Annotated[int, Field(ge=0)]
"""Milliseconds."""


class LedgerEntry(Document):
    """One gap of one track, `start_ms` to `end_ms` on the attempt's clock.

    Either it was recorded and is lost, or nothing was being recorded: an interruption, and `began` says why the
    recording went on in a new segment.
    """

    track: TrackName
    start_ms: Amount
    end_ms: Amount
    lost_ms: Amount
    interrupted_ms: Amount
    cause: GapCause
    began: Began | None = None


class AnswerLedger(Document):
    """One answer's attempt in focus.

    `recorded_ms`: the time that the manifest's camera parts cover. `media_ms`: how long the camera's recording
    plays. `lost_ms` and `interrupted_ms` are the worst track's: tracks run on one clock, so they overlap.
    """

    answer: Slug
    attempt: Annotated[int, Field(ge=1)]
    recorded_ms: Amount
    media_ms: Amount
    lost_ms: Amount
    interrupted_ms: Amount
    entries: list[LedgerEntry]


class Ledger(Document):
    """All answers of an interview that have been assembled, in the order of the questions."""

    interview: str
    answers: list[AnswerLedger]
    lost_ms: Amount
    interrupted_ms: Amount


def ledger(interview: str, assembled: Iterable[tuple[Manifest, Assembly]]) -> Ledger:
    """The ledger over these attempts: each one's sealed manifest, and what became of it."""
    answers = [_answer(manifest, assembly) for manifest, assembly in assembled]
    return Ledger(
        interview=interview,
        answers=answers,
        lost_ms=sum(answer.lost_ms for answer in answers),
        interrupted_ms=sum(answer.interrupted_ms for answer in answers),
    )


def covered_ms(track: TrackManifest) -> int:
    """Milliseconds that the track's parts cover; what two of them cover counts once."""
    parts = (part for segment in track.segments for part in segment.parts)
    covered, until_ms = 0, 0
    for start_ms, end_ms in sorted((part.start_ms, part.end_ms) for part in parts):
        covered += max(0, end_ms - max(start_ms, until_ms))
        until_ms = max(until_ms, end_ms)
    return covered


def _answer(manifest: Manifest, assembly: Assembly) -> AnswerLedger:
    recorded = {track.track: covered_ms(track) for track in manifest.tracks}
    camera = assembly.track("camera")
    return AnswerLedger(
        answer=assembly.answer,
        attempt=assembly.attempt,
        recorded_ms=recorded.get("camera", 0),
        media_ms=round(1000 * camera.duration_s) if camera else 0,
        lost_ms=assembly.lost_ms,
        interrupted_ms=max((track.interrupted_ms for track in assembly.tracks), default=0),
        entries=[_entry(track.track, gap) for track in assembly.tracks for gap in track.gaps],
    )


def _entry(track: TrackName, gap: Gap) -> LedgerEntry:
    return LedgerEntry(
        track=track,
        start_ms=gap.start_ms,
        end_ms=gap.end_ms,
        lost_ms=gap.lost_ms,
        interrupted_ms=gap.interrupted_ms,
        cause=gap.cause,
        began=gap.began,
    )
