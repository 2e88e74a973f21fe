"""What the scorecard's template asks: clips that lead into a recording, and reasons in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.domain.analysis import LACKS
from greenroom.domain.quality import TimeRange

if TYPE_CHECKING:
    from functions.console.reading import Answer, Interview
    from greenroom.domain.manifest import KeyMoment
    from greenroom.domain.scorecard import Evidence, Missing, Scorecard
    from greenroom.domain.template import TrackName

SHOWN_CLIPS = 8
"""Clips shown at once; the others are counted."""

MOMENT_S = 15.0
"""Seconds played from a marked moment on."""


@dataclass(frozen=True)
class Clip:
    """A time range, seconds from the recording's start. `video` is the player's id, `url` plays it elsewhere."""

    start_s: float
    end_s: float
    video: str | None
    url: str | None


class ScorecardView:
    """The scorecard of one interview beside the recordings that its evidence lies in."""

    def __init__(self, interview: Interview) -> None:
        self.scorecard: Scorecard | None = interview.scorecard
        self.overrides = interview.overrides
        self.standing = interview.standing
        self._links = {
            (answer.row.answer_id, answer.row.attempt, track): url
            for answer in interview.answers
            for track, url in answer.links.items()
        }

    def clips(self, evidence: Evidence) -> list[Clip]:
        """The first clips of `evidence`; without a player when it is about an attempt no longer in focus."""
        return self.ranges(
            evidence.answer, evidence.attempt, _track(evidence.module), evidence.ranges
        )

    def ranges(
        self, answer: str, attempt: int, track: TrackName, ranges: list[TimeRange]
    ) -> list[Clip]:
        url = self._links.get((answer, attempt, track))
        video = f"video-{answer}-{track}" if url else None
        return [
            Clip(
                item.start_s,
                item.end_s,
                video,
                f"{url}#t={item.start_s:.2f},{item.end_s:.2f}" if url else None,
            )
            for item in ranges[:SHOWN_CLIPS]
        ]

    def moments(self, answer: Answer) -> list[tuple[KeyMoment, Clip]]:
        """What the candidate marked, each with a clip that begins there."""
        row = answer.row
        ranges = [
            TimeRange(start_s=moment.at_s, end_s=moment.at_s + MOMENT_S)
            for moment in answer.key_moments
        ]
        clips = [
            clip
            for item in ranges
            for clip in self.ranges(row.answer_id, row.attempt, "camera", [item])
        ]
        return list(zip(answer.key_moments, clips, strict=True))

    @staticmethod
    def more(ranges: list[TimeRange]) -> int:
        return max(0, len(ranges) - SHOWN_CLIPS)

    @staticmethod
    def reason(lack: Missing) -> str | None:
        """The code whose text the reader sees, None where the reason is shown as it is."""
        return lack.code if lack.code in LACKS else None


def _track(module: str) -> TrackName:
    return "screen" if module == "screen" else "camera"
