"""The module `vision`: face presence, gaze, nods and facial movements on the camera track."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from greenroom.domain.analysis import NotMeasured, Observation, in_order
from greenroom.domain.policy import Inference
from greenroom.domain.template import TrackName
from greenroom_media.decode import read_frames
from greenroom_media.probe import probe
from greenroom_media.recording import Recording
from greenroom_vision import movement, presence
from greenroom_vision.detector import FaceDetector, best_detector
from greenroom_vision.geometry import Face
from greenroom_vision.golden import golden_picture

if TYPE_CHECKING:
    from greenroom_vision.landmarks import Follower

WIDTH_PX = 640
"""Pictures are looked at this wide: a face is still some 60 px across from the far side of a room."""


class VisionModule:
    """Counts confirmed faces and, where the machine can follow landmarks, measures how the face moves.

    Smiles and frowns are conclusions that some policies forbid; they are movements, never feelings.
    """

    name = "vision"
    purpose: Literal["recording", "transcript", "face"] = "face"
    tracks: tuple[TrackName, ...] = ("camera",)
    provides = ("face", "no_face", "several_faces", "face_presence", *movement.PROVIDES)
    inferences: Mapping[str, Inference] = movement.INFERENCES

    def __init__(self, detector: FaceDetector | None = None) -> None:
        self._chosen = detector

    @property
    def version(self) -> str:
        """Ours, and the detector's: presence by another detector is another measurement."""
        return f"2.0.0+{self._detector.name}-{self._detector.version}"

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
        return self.observe_without(recordings, frozenset())

    def observe_without(
        self, recordings: Mapping[TrackName, Path], forbidden: frozenset[Inference]
    ) -> list[Observation]:
        """As `observe`; under a policy that forbids `expression` smiles and frowns are not computed."""
        facts = probe(recordings["camera"], need_video=False)
        if facts.video is None:
            raise NotMeasured("the recording has no picture", code="no_picture")
        looks, faces = self._look(recordings["camera"], facts)
        found = presence.observations(looks, counts=self._detector.counts)
        expressions = "expression" not in forbidden
        found += movement.observations(faces, facts.duration_s, expressions=expressions)
        return in_order(found)

    @property
    def _detector(self) -> FaceDetector:
        return self._chosen or best_detector()

    def _look(self, recording: Path, facts: Recording) -> tuple[list[presence.Look], list[Face]]:
        """Both kinds of looks in one decode: the presence detector sees every n-th picture."""
        detector = self._detector
        fps = movement.SAMPLING_FPS if detector.follows else detector.sampling_fps
        stride = round(fps / detector.sampling_fps)
        looks: list[presence.Look] = []
        faces: list[Face] = []
        with _follower() if detector.follows else nullcontext() as follower:
            frames = read_frames(recording, facts, fps=fps, width=WIDTH_PX, colour="rgb")
            for number, frame in enumerate(frames):
                if frame.time_s >= facts.duration_s:
                    break
                if number % stride == 0:
                    end_s = min(frame.time_s + stride / fps, facts.duration_s)
                    seen = detector.faces(frame.pixels)
                    looks.append(presence.Look(frame.time_s, end_s, seen))
                if follower and (face := follower.face(frame.time_s, frame.pixels)):
                    faces.append(face)
        return looks, faces


def _follower() -> AbstractContextManager[Follower]:
    from greenroom_vision.landmarks import Follower

    return closing(Follower())
