"""From looks at one face to gaze, nods, head movement, smiles and frowns, with the ranges that show them.

The thresholds are starting values read from a handful of people (docs/analysis.md): nods, smiles and frowns are
not validated against labelled recordings, and their confidence says so. They are movements of a face, never
feelings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.analysis import Observation
from greenroom.domain.policy import Inference
from greenroom_vision.geometry import Face

Series = NDArray[np.float64]
Runs = list[tuple[int, int]]
"""First look and the one after the last."""

SAMPLING_FPS = 8.0
"""Nods swing at 1–3 Hz; eight looks a second show them."""
LEAST_LOOKS = 80
"""Ten seconds of a face: with less nothing is said."""

FRONTAL_GAZE = 0.1
"""Frontal eyes stand at 0.47–0.54, side glances reach 0.29 and 0.68."""
TURNED_DEG = 25.0
GAZE_S = 0.5
"""Shorter looks, to the camera or away, are not told one by one."""
BLINK_OPEN = 0.06
"""Eyes opened less than this show no gaze."""

NOD_DEG = 4.0
"""Least swing of a nod, peak to peak."""
NOD_S = (0.2, 0.9)
"""A swing down, or up, lasts so long."""
REST_S = 0.4
"""Longest rest between the two."""

SMILE_WIDER, SMILE_LIFT, SMILE_S = 1.18, 0.04, 0.75
FROWN_NARROWER, FROWN_LOWER, FROWN_S = 0.94, 0.92, 0.5

UNVALIDATED = 0.4
"""Confidence of what was never compared with labels."""

INFERENCES: Final[Mapping[str, Inference]] = {
    "smile": "expression",
    "smile_share": "expression",
    "frown": "expression",
    "frown_rate": "expression",
}
PROVIDES = ("gaze", "gaze_away", "gaze_share", "nod", "nod_rate", "head_movement", *INFERENCES)


def observations(
    looks: Sequence[Face], duration_s: float, *, expressions: bool
) -> list[Observation]:
    """Everything that so many looks can show; nothing from fewer than `LEAST_LOOKS`.

    No range ends after `duration_s`, the recording's end. Without `expressions` smiles and frowns are not computed.
    """
    if len(looks) < LEAST_LOOKS:
        return []
    seen = _Seen(looks, duration_s)
    found = [*_gaze(seen), *_nods(seen), _head_movement(seen)]
    return [*found, *_smiles(seen), *_frowns(seen)] if expressions else found


class _Seen:
    """The looks as series over time; a look stands for the time until the next, at most half a second."""

    def __init__(self, looks: Sequence[Face], duration_s: float) -> None:
        self.time_s = np.array([look.time_s for look in looks])
        last = min(float(self.time_s[-1]) + 1 / SAMPLING_FPS, duration_s)
        self.end_s = np.minimum(np.append(self.time_s[1:], last), self.time_s + 0.5)
        self._looks = looks

    def series(self, value: Callable[[Face], float]) -> Series:
        return np.array([value(look) for look in self._looks])

    @property
    def seconds(self) -> float:
        return float(np.sum(self.end_s - self.time_s))

    @property
    def n(self) -> int:
        return len(self._looks)

    def runs(self, mask: NDArray[np.bool_], least_s: float) -> Runs:
        """Where `mask` holds without a break for at least `least_s` seconds."""
        edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
        pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        return [(a, b) for a, b in pairs if self.end_s[b - 1] - self.time_s[a] >= least_s]

    def ranges(
        self, kind: str, runs: Iterable[tuple[int, int]], confidence: float
    ) -> list[Observation]:
        return [
            Observation(
                kind=kind,
                start_s=float(self.time_s[a]),
                end_s=float(self.end_s[b - 1]),
                value=1,
                unit="times",
                confidence=confidence,
                n=b - a,
            )
            for a, b in runs
        ]

    def whole(self, kind: str, value: float, unit: str, confidence: float) -> Observation:
        """One value over the whole time; `confidence` falls below a minute of looks."""
        enough = min(1.0, self.n / (60 * SAMPLING_FPS) + 0.5)
        return Observation(
            kind=kind,
            start_s=float(self.time_s[0]),
            end_s=float(self.end_s[-1]),
            value=value,
            unit=unit,
            confidence=confidence * enough,
            n=self.n,
        )

    def share(self, mask: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        lengths = self.end_s - self.time_s
        return float(np.sum(lengths[mask & among]) / max(np.sum(lengths[among]), 1e-9))

    def per_minute(self, count: int) -> float:
        return 60 * count / self.seconds


def _gaze(seen: _Seen) -> list[Observation]:
    open_ = seen.series(lambda face: face.eye_open) >= BLINK_OPEN
    yaw, pitch = seen.series(lambda face: face.yaw_deg), seen.series(lambda face: face.pitch_deg)
    turned = (np.abs(yaw) > TURNED_DEG) | (np.abs(pitch - np.median(pitch)) > TURNED_DEG)
    aside = np.abs(seen.series(lambda face: face.gaze) - 0.5) > FRONTAL_GAZE
    away = (turned | aside) & open_
    if not open_.any():
        return []
    share = 1 - seen.share(away, open_)
    return [
        *seen.ranges("gaze", seen.runs(~away, GAZE_S), 0.7),
        *seen.ranges("gaze_away", seen.runs(away, GAZE_S), 0.7),
        seen.whole("gaze_share", share, "share", 0.7),
    ]


def _nods(seen: _Seen) -> list[Observation]:
    """Down and up again: two swings in a row of a nod's size and length."""
    pitch = seen.series(lambda face: face.pitch_deg)
    turns = _turning_points(pitch, NOD_DEG)
    swings = [_swing(pitch, a, b) for a, b in itertools.pairwise(turns)]
    nods: Runs = []
    for down, up in itertools.pairwise(swings):
        if pitch[down[1]] > pitch[down[0]] and all(
            NOD_S[0] <= seen.time_s[end] - seen.time_s[start] <= NOD_S[1]
            for start, end in (down, up)
        ):
            nods.append((down[0], up[1] + 1))
    return [
        *seen.ranges("nod", nods, UNVALIDATED),
        seen.whole("nod_rate", seen.per_minute(len(nods)), "per_minute", UNVALIDATED),
    ]


def _swing(values: Series, start: int, end: int) -> tuple[int, int]:
    """From where the values leave one turning point to where they come to the next: a rest belongs to neither."""
    near = NOD_DEG / 4
    left = start + np.flatnonzero(np.abs(values[start:end] - values[start]) <= near)[-1]
    reached = left + np.flatnonzero(np.abs(values[left : end + 1] - values[end]) <= near)[0]
    return int(left), int(reached)


def _turning_points(values: Series, least: float) -> list[int]:
    """Indices where the series turns, each at least `least` away from the last one's value."""
    turns, best, rising = [0], 0, True
    for index in range(1, len(values)):
        ahead = values[index] - values[best]
        if (ahead >= 0) == rising:
            best = index
        elif abs(ahead) >= least:
            if best != turns[-1]:
                turns.append(best)
            best, rising = index, not rising
    if best != turns[-1]:
        turns.append(best)
    return turns


def _head_movement(seen: _Seen) -> Observation:
    """Standard deviation of the head's direction: the root of the yaw's and the pitch's variance."""
    yaw, pitch = seen.series(lambda face: face.yaw_deg), seen.series(lambda face: face.pitch_deg)
    return seen.whole("head_movement", float(np.hypot(np.std(yaw), np.std(pitch))), "deg", 0.7)


def _smiles(seen: _Seen) -> list[Observation]:
    """A mouth wider than this person's own, with its corners up."""
    width = seen.series(lambda face: face.mouth_width)
    lift = seen.series(lambda face: face.corner_lift)
    smiling = (width > SMILE_WIDER * np.median(width)) & (lift > np.median(lift) + SMILE_LIFT)
    runs = seen.runs(smiling, SMILE_S)
    return [
        *seen.ranges("smile", runs, UNVALIDATED),
        seen.whole("smile_share", _covered(seen, runs), "share", UNVALIDATED),
    ]


def _frowns(seen: _Seen) -> list[Observation]:
    """Brows nearer to each other and to the eyes than this person's own."""
    gap = seen.series(lambda face: face.brow_gap)
    height = seen.series(lambda face: face.brow_height)
    frowning = (gap < FROWN_NARROWER * np.median(gap)) & (height < FROWN_LOWER * np.median(height))
    runs = seen.runs(frowning, FROWN_S)
    return [
        *seen.ranges("frown", runs, UNVALIDATED),
        seen.whole("frown_rate", seen.per_minute(len(runs)), "per_minute", UNVALIDATED),
    ]


def _covered(seen: _Seen, runs: Runs) -> float:
    mask = np.zeros(seen.n, bool)
    for a, b in runs:
        mask[a:b] = True
    return seen.share(mask, np.ones(seen.n, bool))
