"""Looks at a recording's pictures: at key frames first, then closely around what changes or stands still.

Key frames cost a tenth of decoding everything. Where they are frequent (our recorder asks for one every two
seconds) each stands for its group of frames; a group is decoded only when the key frames at its two ends differ
in what is wrong with them, or are so alike that the picture may be frozen. A recording with rare key frames, as
other programs write them, is decoded whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from greenroom.domain.quality import TimeRange
from greenroom_media.odd import BIN_S
from greenroom_media.picture import Light, Mark, light, marks
from greenroom_media.ranges import Ranges, covered_s, lasting, merged
from greenroom_media.recording import Recording, VideoFacts
from greenroom_media.run import Limits
from greenroom_media.sensitivity import Sensitivity
from greenroom_media.side import SidePipe
from greenroom_media.stillness import Stillness, Thumb, apart
from greenroom_media.thinned import EVERYTHING, KEY_FRAMES, Picture, pictures, within
from greenroom_media.timeline import Look

SPARSE_S = 5.0
"""Seconds between two key frames from which looking at them alone would miss too much."""
FINE_FPS = 5.0
"""Pictures a second where it is looked at closely: an edge is then known to 0.2 s."""
_COARSE_STEP_S = 0.45
_FINE_STEP_S = 1 / FINE_FPS - 0.01
_FACES_EVERY = 2
"""Every which close look counts faces; a third of that often where everything is decoded."""
_FACES_EVERY_WHOLE = 5
_THUMB = 4
_MOST_CLOSE_SHARE = 0.35
_LEAST_CLOSE = 24
"""Groups of frames decoded at most: this share of them, but always that many."""
_LEAST_ODD = 4
_MOST_ODD_SHARE = 0.08
_SAMPLED = 8
"""In a long frozen stretch every eighth group is decoded, beside those at its ends."""
_STILL_SHARE = 0.9
_SAME_SCENE = 40.0
"""Levels (see `apart`) that a head moves in two seconds; a person who comes or goes changes more."""
_MOST_CARRIED = 3
_LONG_S = 120.0
"""Seconds from which every other key frame is enough to see that somebody is still there."""
_ALL_PACKETS = 2**31


class FacesSeen(Protocol):
    """Faces in a picture, and how sure (0–1) the detector is of their number."""

    @property
    def count(self) -> int: ...
    @property
    def confidence(self) -> float: ...


class FaceCounter(Protocol):
    """Counts faces in a picture: height × width × 3 (RGB), 0–255. `counts`: it can tell one from several."""

    @property
    def counts(self) -> bool: ...
    def faces(self, picture: NDArray[np.uint8]) -> FacesSeen: ...


@dataclass(frozen=True)
class Surveyed:
    """Looks in order of time, and where the picture stands still (also where it is black)."""

    looks: tuple[Look, ...]
    frozen: Ranges


class Survey:
    """One recording's pictures. Raises as `running` does."""

    def __init__(
        self,
        recording: Path,
        facts: Recording,
        how: Sensitivity,
        limits: Limits,
        counter: FaceCounter | None,
    ) -> None:
        self._recording = recording
        self._facts = facts
        self._how = how
        self._limits = limits
        self._counter = counter
        self._counted: tuple[Thumb, Look] | None = None
        self._carried = 0

    def run(self, sounds: Sequence[Any], sides: Sequence[SidePipe]) -> Surveyed:
        """Look at everything; `sounds` and `sides` as for `pictures`, read along the way."""
        video = self._facts.video
        if video is None:
            for _ in self._pictures(EVERYTHING, 1.0, sounds, sides):
                pass
            return Surveyed((), ())
        if not frequent_key_frames(video):
            return self._whole(video, sounds, sides)
        looks, gaps = self._coarse(sounds, sides)
        if not looks:
            return Surveyed((), ())
        return self._refined(video, looks, gaps)

    def _whole(
        self, video: VideoFacts, sounds: Sequence[Any], sides: Sequence[SidePipe]
    ) -> Surveyed:
        still = _Steady(self._how, video.start_s)
        looks = []
        for number, picture in enumerate(self._pictures(EVERYTHING, _FINE_STEP_S, sounds, sides)):
            thumb = _thumb(picture)
            still.take(picture.time_s, thumb)
            if number % _FACES_EVERY == 0 or number % _FACES_EVERY_WHOLE == 0:
                looks.append(self._look(picture, thumb, number % _FACES_EVERY_WHOLE == 0))
        return Surveyed(tuple(looks), still.ranges(video.end_s, self._how.frozen_s))

    def _coarse(
        self, sounds: Sequence[Any], sides: Sequence[SidePipe]
    ) -> tuple[list[Look], list[float]]:
        """A look at each key frame, and how far each is apart from the one before it."""
        looks: list[Look] = []
        gaps: list[float] = []
        before = None
        for picture in self._pictures(KEY_FRAMES, _COARSE_STEP_S, sounds, sides):
            thumb = _thumb(picture)
            if before is not None:
                gaps.append(apart(thumb, before))
            before = thumb
            # One person, as before: in a long recording every other look will do.
            alone = bool(looks) and looks[-1].faces == 1
            looks.append(self._look(picture, thumb, not alone or self._facts.duration_s < _LONG_S))
        return looks, gaps

    def _refined(self, video: VideoFacts, coarse: list[Look], gaps: list[float]) -> Surveyed:
        """Look closely at the groups of frames where something changes or stands still."""
        changing = _changing(coarse)
        runs = _runs(coarse, gaps, self._how.frozen_difference)
        edges = [*(look.time_s for look in coarse), video.end_s + 1]
        seen = _Close({}, [])
        wanted = _affordable(len(coarse), changing, runs, _odd(video, coarse, edges, runs))
        self._look_closely(video, coarse, edges, wanted, seen)
        # Only where a run does stand still, its true ends are looked for in the groups around it.
        around = {first - 1 for first, _ in runs if seen.stands_still(first, edges)}
        around |= {last + 1 for _, last in runs if seen.stands_still(last, edges)}
        more = [at for at in sorted(around) if 0 <= at < len(coarse) and at not in seen.looks]
        self._look_closely(video, coarse, edges, more, seen)
        looks = [look for at, one in enumerate(coarse) for look in seen.looks.get(at) or [one]]
        frozen = [*seen.still]
        for first, last in runs:
            known = [at for at in range(first, last + 1) if at in seen.looks]
            frozen += [
                TimeRange(start_s=edges[one], end_s=edges[two])
                for one, two in pairwise(known)
                if seen.stands_still(one, edges) and seen.stands_still(two, edges)
            ]
        return Surveyed(
            tuple(looks), lasting(merged(frozen, self._how.flicker_s), self._how.frozen_s)
        )

    def _look_closely(
        self,
        video: VideoFacts,
        coarse: list[Look],
        edges: list[float],
        groups: list[int],
        seen: _Close,
    ) -> None:
        """Decode `groups`, in order, and add what they show to `seen`."""
        if not groups:
            return
        steady: _Steady | None = None
        last = -2
        for picture in self._pictures(within(_packets(video, edges, groups)), _FINE_STEP_S):
            at = max(0, bisect_right(edges, picture.time_s + 1e-6) - 1)
            if at > last + 1 or steady is None:
                self._end(steady, min(edges[last + 1], video.end_s), seen)
                steady = _Steady(self._how, edges[at])
            last = at
            thumb = _thumb(picture)
            steady.take(picture.time_s, thumb)
            own = seen.looks.setdefault(at, [])
            if own:
                others = coarse[min(at + 1, len(coarse) - 1)].faces or 0
                wanted = len(own) % _FACES_EVERY == 0 and (coarse[at].faces or 0) != others
                own.append(self._look(picture, thumb, wanted))
            else:
                own.append(coarse[at])  # the key frame, seen before
        self._end(steady, min(edges[last + 1], video.end_s), seen)

    def _end(self, steady: _Steady | None, end_s: float, seen: _Close) -> None:
        if steady is not None:
            seen.still.extend(steady.ranges(end_s, self._how.flicker_s))

    def _look(self, picture: Picture, thumb: Thumb, faces: bool) -> Look:
        seen = light(picture.luma)
        found = marks(seen, self._how.picture)
        if not faces or self._counter is None or found & {"black", "covered"}:
            return Look(picture.time_s, found)
        before = self._as_before(thumb, found)
        if before is not None:
            return Look(picture.time_s, found, before.faces, before.confidence)
        counted = self._counter.faces(_visible(picture, seen))
        look = Look(picture.time_s, found, counted.count, counted.confidence)
        self._counted, self._carried = (thumb, look), 0
        return look

    def _as_before(self, thumb: Thumb, found: frozenset[Mark]) -> Look | None:
        """The look at a picture that shows nearly the same, in which faces were counted not long ago."""
        if self._counted is None or self._carried >= _MOST_CARRIED:
            return None
        before, look = self._counted
        if look.marks != found or apart(thumb, before) >= _SAME_SCENE:
            return None
        self._carried += 1
        return look

    def _pictures(
        self,
        wanted: str,
        step_s: float,
        sounds: Sequence[Any] = (),
        sides: Sequence[SidePipe] = (),
    ) -> Iterable[Picture]:
        video = self._facts.video
        columns, rows = video.display_size if video else (1, 1)
        return pictures(
            self._recording,
            self._facts,
            wanted,
            step_s=step_s,
            width=max(2, round(self._how.width * columns / max(columns, rows))),
            limits=self._limits,
            sounds=sounds,
            sides=sides,
        )


@dataclass(frozen=True)
class _Close:
    """What was looked at closely: looks by group of frames, and stretches that stand still."""

    looks: dict[int, list[Look]]
    still: list[TimeRange]

    def stands_still(self, at: int, edges: list[float]) -> bool:
        """Whether group `at` was looked at and stands still nearly throughout."""
        length_s = edges[at + 1] - edges[at]
        return at in self.looks and (
            covered_s(self.still, edges[at], edges[at + 1])
            >= _STILL_SHARE * length_s - 2 / FINE_FPS
        )


class _Steady:
    """`Stillness` over pictures that come at any times: each is shown until the next."""

    def __init__(self, how: Sensitivity, start_s: float) -> None:
        self._still = Stillness(FINE_FPS, how.frozen_difference)
        self._start_s = start_s
        self._ticks = 0
        self._shown: Thumb | None = None

    def take(self, time_s: float, thumb: Thumb) -> None:
        self._tick_until(time_s)
        self._shown = thumb

    def ranges(self, end_s: float, at_least_s: float) -> Ranges:
        self._tick_until(end_s)
        return tuple(
            TimeRange(
                start_s=round(one.start_s + self._start_s, 3),
                end_s=round(one.end_s + self._start_s, 3),
            )
            for one in self._still.ranges(at_least_s, end_s - self._start_s)
        )

    def _tick_until(self, time_s: float) -> None:
        if self._shown is None:
            self._start_s = max(self._start_s, time_s - 1 / FINE_FPS)
            return
        while self._start_s + self._ticks / FINE_FPS < time_s - 1e-6:
            self._still.take(self._shown)
            self._ticks += 1


def frequent_key_frames(video: VideoFacts) -> bool:
    """Whether no stretch of `SPARSE_S` or more is without a key frame."""
    times = (*video.key_frames_s, video.end_s)
    return len(times) > 1 and all(two - one < SPARSE_S for one, two in pairwise(times))


def _changing(coarse: list[Look]) -> list[int]:
    """Groups of frames at whose two ends something else is wrong, or before which faces were counted otherwise."""
    found = {at for at, (one, two) in enumerate(pairwise(coarse)) if one.marks != two.marks}
    counted = [at for at, look in enumerate(coarse) if look.faces is not None]
    for one, two in pairwise(counted):
        if min(coarse[one].faces or 0, 2) != min(coarse[two].faces or 0, 2):
            found.update(range(one, two))
    return sorted(found)


def _affordable(
    count: int, changing: list[int], runs: list[tuple[int, int]], odd: list[int]
) -> list[int]:
    """The groups to decode, of `count`; where those are too many, changes come first.

    Of a run its ends and some in between, for what stands still at both ends and in the middle stands still.
    """
    wanted = dict.fromkeys(changing)
    for first, last in runs:
        step = _SAMPLED if last - first >= _SAMPLED else 1
        wanted |= dict.fromkeys((first, last, *range(first, last + 1, step)))
    wanted |= dict.fromkeys(odd)
    most = max(_LEAST_CLOSE, round(count * _MOST_CLOSE_SHARE))
    return sorted(list(wanted)[:most])


def _runs(coarse: list[Look], gaps: list[float], alike: float) -> list[tuple[int, int]]:
    """(first, last) groups of frames between key frames that are alike and show something."""
    found: list[tuple[int, int]] = []
    for at, difference in enumerate(gaps):
        if difference > alike or coarse[at].hidden or coarse[at + 1].hidden:
            continue
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _packets(video: VideoFacts, edges: list[float], groups: list[int]) -> list[tuple[int, int]]:
    """The packets of those groups of frames: numbers from one up to before another.

    A group begins with the key frame that is nearest to its edge. They are not equal: decoded pictures' clock
    begins where sound is first heard, packets' clock where it is stored, up to 50 ms earlier (AAC's priming).
    """
    keys = np.array(video.key_frames_s)
    starts = [video.key_numbers[int(np.abs(keys - edge).argmin())] for edge in edges[:-1]]
    ends = [*starts[1:], _ALL_PACKETS]
    return [(starts[at], ends[at]) for at in groups]


def _odd(
    video: VideoFacts, coarse: list[Look], edges: list[float], runs: list[tuple[int, int]]
) -> list[int]:
    """Groups of frames in which packet sizes are odd, and that are neither hidden nor in a run.

    None where many are: such an encoder's sizes say nothing.
    """
    known = {at for first, last in runs for at in range(first, last + 1)}
    groups = {bisect_right(edges, at_s + BIN_S / 2) - 1 for at_s in video.odd_s}
    odd = [
        at
        for at in sorted(groups - known)
        if 0 <= at < len(coarse)
        and not (coarse[at].hidden and coarse[min(at + 1, len(coarse) - 1)].hidden)
    ]
    return odd if len(odd) <= max(_LEAST_ODD, len(coarse) * _MOST_ODD_SHARE) else []


def _thumb(picture: Picture) -> Thumb:
    planes = picture.planes
    size = (max(1, planes.shape[1] // _THUMB), max(1, planes.shape[0] // _THUMB))
    return np.asarray(cv2.resize(planes, size, interpolation=cv2.INTER_AREA), np.uint8)


def _visible(picture: Picture, seen: Light) -> NDArray[np.uint8]:
    """The picture in RGB; a dark one brightened, for a detector fails in the dark where a face is still there."""
    colours = cv2.cvtColor(picture.planes, cv2.COLOR_YUV2RGB_I420)
    if seen.p90 < _DIM:
        gain = min(_MOST_GAIN, _DIM / max(1.0, seen.p90 - 16))
        colours = cv2.convertScaleAbs(colours, alpha=gain)
    return np.asarray(colours, np.uint8)


_DIM = 120.0
_MOST_GAIN = 6.0
