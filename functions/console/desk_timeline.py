"""The picture under the player: waveform, speech and pauses, quality findings and the candidate's markers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions.console.reading import Answer
    from greenroom.domain.analysis import Analysis, Utterance, Waveform
    from greenroom.domain.quality import Quality, TimeRange

WIDTH = 1000.0
"""Units of the SVG's view box over the whole recording."""
WAVE = 40.0
"""Height of the waveform's lane."""
LEAST_WIDTH = 1.5
"""A moment must be seen too."""


@dataclass(frozen=True)
class Stretch:
    """A range on the picture: `x` and `width` in its units, seconds for the title."""

    x: float
    width: float
    start_s: float
    end_s: float
    label: str = ""
    level: str = ""


@dataclass(frozen=True)
class Timeline:
    """What is drawn for one answer. `wave` is an SVG path, "" where no module made one."""

    duration_s: float
    wave: str
    speech: list[Stretch]
    pauses: list[Stretch]
    findings: list[Stretch]
    markers: list[Stretch]


def timeline(answer: Answer) -> Timeline | None:
    """None while there is no recording of the camera."""
    durations = [
        track.duration_s for track in answer.tracks if track.track == "camera" and track.duration_s
    ]
    if not durations:
        return None
    scale = _Scale(durations[0])
    return Timeline(
        duration_s=durations[0],
        wave=_wave(answer.analysis, scale),
        speech=_observed(answer.analysis, "speech", scale),
        pauses=_observed(answer.analysis, "pause", scale),
        findings=_findings(answer.quality, scale),
        markers=[
            scale.stretch(moment.at_s, moment.at_s, label=moment.note)
            for moment in answer.key_moments
        ],
    )


def transcript(analysis: Analysis | None) -> list[Utterance]:
    """What was said, in order; empty where no module heard it."""
    modules = analysis.modules if analysis else []
    return [utterance for module in modules for utterance in module.transcript]


def in_required_language(analysis: Analysis | None) -> float | None:
    """Share of the speech that is in the language that the question requires; None where no module told it."""
    found = (
        item.value
        for module in (analysis.modules if analysis else [])
        for item in module.observations
        if item.kind == "required_language_share"
    )
    return next(found, None)


class _Scale:
    def __init__(self, duration_s: float) -> None:
        self._unit = WIDTH / duration_s

    def x(self, seconds: float) -> float:
        return round(min(max(seconds * self._unit, 0.0), WIDTH), 1)

    def stretch(self, start_s: float, end_s: float, *, label: str = "", level: str = "") -> Stretch:
        x = self.x(start_s)
        width = max(LEAST_WIDTH, round(self.x(end_s) - x, 1))
        return Stretch(min(x, WIDTH - width), width, start_s, end_s, label, level)


def _observed(analysis: Analysis | None, kind: str, scale: _Scale) -> list[Stretch]:
    return [
        scale.stretch(item.start_s, item.end_s)
        for module in (analysis.modules if analysis else [])
        for item in module.observations
        if item.kind == kind
    ]


def _findings(quality: Quality | None, scale: _Scale) -> list[Stretch]:
    """Where the camera's recording falls short of a target."""
    found = quality.findings if quality else []
    return [
        scale.stretch(item.start_s, item.end_s, label=finding.code, level=finding.level)
        for finding in found
        if finding.track == "camera" and finding.level in ("warning", "re_record")
        for item in _sorted(finding.ranges)
    ]


def _sorted(ranges: Iterable[TimeRange]) -> list[TimeRange]:
    return sorted(ranges, key=lambda item: item.start_s)


def _wave(analysis: Analysis | None, scale: _Scale) -> str:
    """The waveform as one closed path around the lane's middle."""
    found = next(
        (module.waveform for module in (analysis.modules if analysis else []) if module.waveform),
        None,
    )
    if found is None or not found.peaks:
        return ""
    upper = _edge(found, scale, -1)
    lower = _edge(found, scale, +1)
    return f"M{' L'.join(upper)} L{' L'.join(reversed(lower))} Z"


def _edge(wave: Waveform, scale: _Scale, side: int) -> list[str]:
    middle = WAVE / 2
    return [
        f"{scale.x((number + 0.5) * wave.step_s):g},{middle + side * max(0.5, peak / 100 * (middle - 1)):.1f}"
        for number, peak in enumerate(wave.peaks)
    ]
