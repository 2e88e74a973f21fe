"""Losses: whatever a manifest claims and whatever became of its parts, every millisecond is accounted for."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from functions.chunk_assembly.losses import DAY_MS, JITTER_MS, gaps_of, widened
from greenroom.domain.manifest import Part, Segment, TrackManifest
from greenroom.domain.quality import TimeRange

FATES = st.sampled_from(["verified", "verified", "part_missing", "part_altered", None])
DIGEST = hashlib.sha256(b"x").hexdigest()


def part(number: int, start_ms: int, end_ms: int) -> Part:
    return Part(part=number, size=1, sha256=DIGEST, start_ms=start_ms, end_ms=end_ms)


def segment(number: int, *parts: Part, **of_segment: object) -> Segment:
    return Segment.model_validate(
        {"segment": number, "mime_type": "video/webm", "parts": list(parts), **of_segment}
    )


def track(*segments: Segment) -> TrackManifest:
    return TrackManifest(track="camera", segments=list(segments))


def verified(manifest: TrackManifest) -> dict:
    return {
        item.segment: {part.part: "verified" for part in item.parts} for item in manifest.segments
    }


@st.composite
def tracks(draw: st.DrawFn) -> TrackManifest:
    """Manifests of an honest client: time runs forward; parts and segments may be skipped."""
    clock, number, segments = 0, 0, []
    for _ in range(draw(st.integers(1, 4))):
        parts, part_number = [], draw(st.integers(0, 2))
        for _ in range(draw(st.integers(1, 6))):
            end = clock + draw(st.integers(0, 3000))
            parts.append(part(part_number, clock, end))
            clock = end + draw(st.sampled_from([0, 0, JITTER_MS, 400]))
            part_number += draw(st.sampled_from([1, 1, 1, 3]))
        unsaved_ms = draw(st.sampled_from([0, 0, 200, 500]))
        segments.append(segment(number, *parts, unsaved_ms=unsaved_ms))
        number += draw(st.sampled_from([1, 1, 2]))
        clock += draw(st.sampled_from([0, 350]))
    return track(*segments)


@given(tracks(), st.data())
def test_every_part_is_in_the_recording_or_in_exactly_one_gap(
    manifest: TrackManifest, data: st.DataObject
) -> None:
    fates: dict[int, dict[int, str]] = {}
    for item in manifest.segments:
        drawn = {listed.part: data.draw(FATES) for listed in item.parts}
        fates[item.segment] = {number: fate for number, fate in drawn.items() if fate}
    refused = {item.segment for item in manifest.segments if data.draw(st.booleans())}
    gaps = gaps_of(manifest, fates, refused)  # type: ignore[arg-type]
    for item in manifest.segments:
        for listed in item.parts:
            named = [
                gap.cause
                for gap in gaps
                if gap.cause != "not_in_manifest"
                and gap.segment == item.segment
                and listed.part in gap.parts
            ]
            fate = fates[item.segment].get(listed.part)
            if fate in ("part_missing", "part_altered"):
                assert named == [fate]
            elif fate is None or item.segment in refused:
                assert named == ["segment_refused"]
            else:
                assert named == []


@given(tracks(), st.data())
def test_gaps_and_saved_parts_together_cover_the_whole_time(
    manifest: TrackManifest, data: st.DataObject
) -> None:
    fates = verified(manifest)
    for of_segment in fates.values():
        for number in of_segment:
            of_segment[number] = data.draw(st.sampled_from(["verified", "part_missing"]))
    gaps = gaps_of(manifest, fates, frozenset())
    saved = [
        (listed.start_ms, listed.end_ms)
        for item in manifest.segments
        for listed in item.parts
        if fates[item.segment][listed.part] == "verified"
    ]
    last = manifest.segments[-1]
    end = last.parts[-1].end_ms + last.unsaved_ms
    clock = 0
    for start_ms, end_ms in sorted([*saved, *((gap.start_ms, gap.end_ms) for gap in gaps)]):
        assert start_ms - clock <= JITTER_MS, "time that nobody accounts for"
        assert start_ms >= clock, "time counted twice"
        clock = end_ms
    assert clock == end


@st.composite
def any_tracks(draw: st.DrawFn) -> TrackManifest:
    """Manifests of a client whose clock does what it likes."""
    times = st.tuples(st.integers(0, 86_400_000), st.integers(0, 86_400_000)).map(sorted)
    segments = []
    for number in sorted(draw(st.sets(st.integers(0, 999), min_size=1, max_size=4))):
        numbers = sorted(draw(st.sets(st.integers(0, 19_999), min_size=1, max_size=5)))
        parts = (part(index, *draw(times)) for index in numbers)
        unsaved_ms = draw(st.integers(0, 86_400_000))
        segments.append(segment(number, *parts, unsaved_ms=unsaved_ms))
    return track(*segments)


@given(any_tracks(), st.booleans())
def test_a_clock_that_runs_backwards_breaks_nothing(manifest: TrackManifest, lost: bool) -> None:
    gaps = gaps_of(manifest, {} if lost else verified(manifest), frozenset())
    assert all(0 <= gap.start_ms <= gap.end_ms <= DAY_MS for gap in gaps)
    assert all(gap.lost_ms + gap.interrupted_ms == gap.width_ms for gap in gaps)
    assert all(len(gap.parts) <= 100 for gap in gaps if gap.cause == "not_in_manifest")


def test_a_whole_recording_has_no_gap() -> None:
    manifest = track(segment(0, part(0, 0, 500), part(1, 500, 1000), part(2, 1020, 1500)))
    assert gaps_of(manifest, verified(manifest), frozenset()) == []


def test_between_two_segments_that_were_flushed_nothing_is_lost() -> None:
    manifest = track(segment(0, part(0, 0, 500)), segment(1, part(0, 850, 1350), began="reload"))
    (gap,) = gaps_of(manifest, verified(manifest), frozenset())
    assert (gap.cause, gap.segment, gap.start_ms, gap.began) == (
        "recorder_restart",
        1,
        500,
        "reload",
    )
    assert (gap.lost_ms, gap.interrupted_ms) == (0, 350)


def test_what_a_crash_may_have_taken_is_lost_and_the_rest_is_an_interruption() -> None:
    manifest = track(
        segment(0, part(0, 0, 500), unsaved_ms=500), segment(1, part(0, 2900, 3400), began="crash")
    )
    unsaved, interruption = gaps_of(manifest, verified(manifest), frozenset())
    assert (unsaved.cause, unsaved.segment, unsaved.lost_ms) == ("unsaved", 0, 500)
    assert (interruption.cause, interruption.began) == ("recorder_restart", "crash")
    assert (interruption.start_ms, interruption.interrupted_ms) == (1000, 1900)


def test_no_more_is_unsaved_than_there_was_time_for() -> None:
    manifest = track(segment(0, part(0, 0, 500), unsaved_ms=500), segment(1, part(0, 600, 900)))
    (gap,) = gaps_of(manifest, verified(manifest), frozenset())
    assert (gap.cause, gap.lost_ms) == ("unsaved", 100)


def test_an_answer_that_a_crash_ended_says_what_it_may_lack() -> None:
    manifest = track(segment(0, part(0, 0, 500), unsaved_ms=500))
    (gap,) = gaps_of(manifest, verified(manifest), frozenset())
    assert (gap.cause, gap.start_ms, gap.end_ms) == ("unsaved", 500, 1000)


def test_neighbours_lost_alike_are_one_gap() -> None:
    manifest = track(
        segment(0, *(part(index, 500 * index, 500 * index + 500) for index in range(5)))
    )
    fates = verified(manifest)
    fates[0] |= {1: "part_missing", 2: "part_missing", 3: "part_altered"}
    missing, altered = gaps_of(manifest, fates, frozenset())
    assert (missing.cause, missing.parts, missing.start_ms, missing.end_ms) == (
        "part_missing", [1, 2], 500, 1500,
    )  # fmt: skip
    assert (altered.cause, altered.parts, altered.lost_ms) == ("part_altered", [3], 500)


def test_a_gap_is_as_wide_as_the_hole_that_it_left() -> None:
    manifest = track(
        segment(0, *(part(index, 500 * index, 500 * index + 500) for index in range(8)))
    )
    fates = verified(manifest)
    fates[0] |= {1: "part_missing", 2: "part_altered", 6: "part_missing"}
    gaps = gaps_of(manifest, fates, frozenset())
    silences = [TimeRange(start_s=0.4, end_s=1.7), TimeRange(start_s=2.1, end_s=2.4)]
    wide = widened(gaps, silences, zero_ms=0)
    assert [(gap.start_ms, gap.end_ms) for gap in wide] == [(400, 1000), (1000, 1700), (3000, 3500)]


def test_numbers_that_the_manifest_skips_are_named() -> None:
    manifest = track(
        segment(0, part(1, 400, 900), part(4, 2400, 2900)), segment(2, part(0, 3400, 3900))
    )
    gaps = gaps_of(manifest, verified(manifest), frozenset())
    assert [(gap.segment, gap.parts, gap.start_ms, gap.end_ms) for gap in gaps] == [
        (0, [0], 0, 400),
        (0, [2, 3], 900, 2400),
        (1, [], 2900, 3400),
    ]
    assert {gap.cause for gap in gaps} == {"not_in_manifest"}
