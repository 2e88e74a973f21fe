"""The module `vision`: face presence on the camera track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from greenroom.domain.analysis import NotMeasured, Observation, in_order
from greenroom.domain.template import TrackName
from greenroom_media.decode import read_frames
from greenroom_media.probe import probe
from greenroom_vision.detector import FaceDetector, best_detector
from greenroom_vision.golden import golden_picture
from greenroom_vision.presence import Look, observations

WIDTH_PX = 640
"""Pictures are looked at this wide: a face is still some 60 px across from the far side of a room."""


class VisionModule:
    """Counts confirmed faces, once or twice a second. Says nothing about what a face expresses."""

    name = "vision"
    purpose: Literal["recording", "transcript", "face"] = "face"
    tracks: tuple[TrackName, ...] = ("camera",)
    provides = ("face", "no_face", "several_faces", "face_presence")

    def __init__(self, detector: FaceDetector | None = None) -> None:
        self._chosen = detector

    @property
    def version(self) -> str:
        """Ours, and the detector's: presence by another detector is another measurement."""
        return f"1.0.0+{self._detector.name}-{self._detector.version}"

    def model_digest(self) -> str | None:
        return self._detector.digest()

    def self_test(self) -> None:
        """One face in a golden portrait, none in a piece of the same picture without."""
        for name, expected in (("face", 1), ("no_face", 0)):
            seen = self._detector.faces(golden_picture(name)).count  # type: ignore[arg-type]
            if seen != expected:
                raise RuntimeError(
                    f"{self._detector.name} sees {seen} faces in the golden picture {name}"
                )

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        """Observations on the camera's picture. Raises `NotMeasured` for a recording without one."""
        looks = list(self._looks(recordings["camera"]))
        return in_order(observations(looks, counts=self._detector.counts))

    @property
    def _detector(self) -> FaceDetector:
        return self._chosen or best_detector()

    def _looks(self, recording: Path) -> Iterator[Look]:
        facts = probe(recording, need_video=False)
        if facts.video is None:
            raise NotMeasured("the recording has no picture")
        fps = self._detector.sampling_fps
        for frame in read_frames(recording, facts, fps=fps, width=WIDTH_PX, colour="rgb"):
            if frame.time_s < facts.duration_s:
                end_s = min(frame.time_s + 1 / fps, facts.duration_s)
                yield Look(frame.time_s, end_s, self._detector.faces(frame.pixels))
