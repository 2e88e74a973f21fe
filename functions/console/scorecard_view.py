"""What the scorecard's template asks: clips that lead into a recording, and reasons in the reader's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.domain.quality import TimeRange

if TYPE_CHECKING:
    from functions.console.reading import Answer, Interview
    from greenroom.domain.manifest import KeyMoment
    from greenroom.domain.scorecard import Evidence, Scorecard
    from greenroom.domain.template import TrackName

SHOWN_CLIPS = 8
"""Clips shown at once; the others are counted."""

MOMENT_S = 15.0
"""Seconds played from a marked moment on."""

REASONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^no answer to measure$"), "no_answer"),
    (re.compile(r"^module \S+ is not part of the template$"), "not_in_template"),
    (re.compile(r"^\S+ \S+ does not measure this$"), "not_in_version"),
    (re.compile(r"^mapping \S+ does not know \S+$"), "not_in_mapping"),
    (re.compile(r"^no speech"), "no_speech"),
    (re.compile(r"not installed$"), "not_installed"),
    (re.compile(r"^no consent"), "no_consent"),
    (re.compile(r"^the recording has no (sound|picture)|^there is no \S+ track$"), "no_track"),
    (re.compile(r"^re_record: "), "re_record"),
    (re.compile(r"^not_analysed$"), "not_analysed"),
)
"""Reasons as scoring and the modules write them, and the text that says the same in the reader's language."""


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
    def reason(text: str) -> str | None:
        """The key of the text for a reason, None for one that is shown as it is."""
        return next((key for pattern, key in REASONS if pattern.search(text)), None)


def _track(module: str) -> TrackName:
    return "screen" if module == "screen" else "camera"
