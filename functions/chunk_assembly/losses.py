"""Names every stretch of the attempt's clock that is not in the recording: what was lost, and what never was."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import ceil, floor

from functions.chunk_assembly.parts import Fate
from greenroom.domain.assembly import Gap, GapCause
from greenroom.domain.manifest import Began, Part, Segment, TrackManifest
from greenroom.domain.quality import TimeRange

JITTER_MS = 50
"""Time between two neighbouring parts that counts as the client's rounding: about one frame at 25 per second."""

NEAR_MS = 500
"""A client's times of a part are estimates; a hole this near to a lost part is its doing."""

DAY_MS = 86_400_000
SHOWN_NUMBERS = 100
"""Numbers listed for parts that a manifest skips: it may skip thousands, and the time says how much is lost."""


def gaps_of(
    track: TrackManifest, fates: Mapping[int, Mapping[int, Fate]], refused: Set[int]
) -> list[Gap]:
    """Every gap of a track, in order.

    `fates[segment][part]` is what became of a part; one that was never looked at was of no use to the joined
    file. `refused` holds the segments that could not be read or joined: what was verified in them is lost too.
    """
    gaps: list[Gap] = []
    clock_ms, previous = 0, -1
    for segment, following in itertools.zip_longest(track.segments, track.segments[1:]):
        gaps += _before(segment, clock_ms, previous)
        of_segment = fates.get(segment.segment, {})
        gaps += _within(segment, of_segment, refused=segment.segment in refused)
        clock_ms = max(clock_ms, *(part.end_ms for part in segment.parts))
        # At the most: what was recorded between the last part and the cut.
        unsaved_ms = min(segment.unsaved_ms, _next_ms(following) - clock_ms)
        if unsaved_ms > 0:
            gaps.append(_gap("unsaved", segment.segment, [], clock_ms, clock_ms + unsaved_ms))
            clock_ms += unsaved_ms
        previous = segment.segment
    return gaps


def _next_ms(following: Segment | None) -> int:
    return following.parts[0].start_ms if following is not None else DAY_MS


def widened(gaps: Sequence[Gap], silences: Iterable[TimeRange], zero_ms: int) -> list[Gap]:
    """The gaps of lost parts, as wide as the hole that they really left in the recording.

    Lost bytes take with them what cannot be read without them: the rest of a frame, of a cluster. `silences`
    is where the recording has no sound, its zero being `zero_ms` on the attempt's clock. A gap only grows, and
    never into another.
    """
    holes = [
        (zero_ms + floor(1000 * hole.start_s), zero_ms + ceil(1000 * hole.end_s))
        for hole in silences
    ]
    result: list[Gap] = []
    before_ms = 0
    for gap, following in itertools.zip_longest(gaps, gaps[1:]):
        after_ms = following.start_ms if following is not None else DAY_MS
        by_part = gap.cause in ("part_missing", "part_altered")
        result.append(_wide(gap, holes, before_ms, after_ms) if by_part else gap)
        before_ms = max(before_ms, result[-1].end_ms)
    return result


def _wide(gap: Gap, holes: Sequence[tuple[int, int]], before_ms: int, after_ms: int) -> Gap:
    near = [
        hole
        for hole in holes
        if hole[0] < gap.end_ms + NEAR_MS and hole[1] > max(before_ms, gap.start_ms - NEAR_MS)
    ]
    start_ms = min([gap.start_ms, *(max(start, before_ms) for start, _ in near)])
    end_ms = max([gap.end_ms, *(min(end, after_ms) for _, end in near)])
    return gap.model_copy(update={"start_ms": start_ms, "end_ms": end_ms})


def _before(segment: Segment, clock_ms: int, previous: int) -> Iterator[Gap]:
    """What is missing between the segment before (`previous`, which ended at `clock_ms`) and this one."""
    first = segment.parts[0]
    if segment.segment > previous + 1:
        yield _gap("not_in_manifest", previous + 1, [], clock_ms, first.start_ms)
    elif first.part > 0:
        numbers = list(range(min(first.part, SHOWN_NUMBERS)))
        yield _gap("not_in_manifest", segment.segment, numbers, clock_ms, first.start_ms)
    elif previous >= 0 and first.start_ms > clock_ms:
        yield _gap("recorder_restart", segment.segment, [], clock_ms, first.start_ms, segment.began)


def _within(segment: Segment, fates: Mapping[int, Fate], *, refused: bool) -> Iterator[Gap]:
    causes = [(part, _cause(fates.get(part.part), refused=refused)) for part in segment.parts]
    lost: list[Part] = []
    for (part, cause), following in itertools.zip_longest(causes, causes[1:]):
        if cause is not None:
            lost.append(part)
        together = (
            following is not None
            and cause is not None
            and following[1] == cause
            and following[0].part == part.part + 1
        )
        if together:
            continue
        if cause is not None:
            numbers = [item.part for item in lost]
            end_ms = max(item.end_ms for item in lost)
            yield _gap(cause, segment.segment, numbers, lost[0].start_ms, end_ms)
            lost = []
        if following is not None:
            yield from _between(segment.segment, part, following[0])


def _between(segment: int, part: Part, following: Part) -> Iterator[Gap]:
    """Parts and time that the manifest skips."""
    skipped = range(part.part + 1, following.part)
    if skipped or following.start_ms - part.end_ms > JITTER_MS:
        numbers = list(skipped[:SHOWN_NUMBERS])
        yield _gap("not_in_manifest", segment, numbers, part.end_ms, following.start_ms)


def _cause(fate: Fate | None, *, refused: bool) -> GapCause | None:
    if fate in ("part_missing", "part_altered"):
        return fate
    return "segment_refused" if refused or fate is None else None


def _gap(
    cause: GapCause,
    segment: int,
    parts: list[int],
    start_ms: int,
    end_ms: int,
    began: Began | None = None,
) -> Gap:
    """A client's clock may run backwards; a gap is then known by its parts and has no length."""
    return Gap(
        cause=cause,
        began=began,
        segment=segment,
        parts=parts,
        start_ms=min(start_ms, end_ms),
        end_ms=end_ms,
    )
