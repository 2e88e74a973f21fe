"""The module `screen`: still, typing, scrolling and switching on the screen track. No text on it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from greenroom.domain.analysis import NotMeasured, Observation, in_order
from greenroom.domain.template import TrackName
from greenroom_media.decode import read_frames
from greenroom_media.probe import probe
from greenroom_screen import activity, golden
from greenroom_screen.steps import steps

SAMPLING_FPS = 2.0
"""Half a second is a short word typed; a switch of pages is seen whenever it falls."""
WIDTH_PX = 640


class ScreenModule:
    """Says what kind of thing happens when, not what it is about."""

    name = "screen"
    version = "1.0.0"
    purpose: Literal["recording", "transcript", "face"] = "recording"
    tracks: tuple[TrackName, ...] = ("screen",)
    provides = activity.PROVIDES

    def model_digest(self) -> str | None:
        return None

    def self_test(self) -> None:
        """On drawn screens each act is seen, in its order."""
        found = activity.observations(list(steps(golden.acts())))
        ranges = sorted((item.start_s, item.kind) for item in found if item.kind in activity.KINDS)
        seen = tuple(kind for _, kind in ranges)
        if seen != golden.ACTS:
            raise RuntimeError(f"on the golden screen {', '.join(seen)} were seen")

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        """Observations on the screen's picture. Raises `NotMeasured` without one, or for a very short one."""
        recording = recordings["screen"]
        facts = probe(recording, need_video=False)
        if facts.video is None:
            raise NotMeasured("the screen recording has no picture", code="no_picture")
        frames = read_frames(recording, facts, fps=SAMPLING_FPS, width=WIDTH_PX)
        shown = (
            (frame.time_s, frame.pixels) for frame in frames if frame.time_s < facts.duration_s
        )
        return in_order(activity.observations(list(steps(shown))))
