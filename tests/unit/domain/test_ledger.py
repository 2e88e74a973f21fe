"""The ledger: whatever a manifest claims, what is covered, lost and interrupted adds up."""

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.ledger import covered_ms, ledger
from greenroom.domain.manifest import Manifest, Part, Segment, TrackManifest

DIGEST = "0" * 64
TIMES = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(sorted)


def track(*times: tuple[int, int], name: str = "camera") -> TrackManifest:
    parts = [
        Part(part=number, size=1, sha256=DIGEST, start_ms=start, end_ms=end)
        for number, (start, end) in enumerate(times)
    ]
    segment = Segment(segment=0, mime_type="video/webm", parts=parts)
    return TrackManifest(track=name, segments=[segment])


def assembly(**gaps: list[Gap]) -> Assembly:
    return Assembly(
        interview="i",
        answer="q1",
        attempt=2,
        manifest_sha256=DIGEST,
        tool="t",
        tracks=[
            AssembledTrack(
                track=name, status="complete", duration_s=1.5 if name == "camera" else 9, gaps=found
            )
            for name, found in gaps.items()
        ],
    )


@given(st.lists(TIMES, min_size=1, max_size=8))
def test_covered_time_is_counted_once_however_parts_overlap(times: list[tuple[int, int]]) -> None:
    moments = {ms for start, end in times for ms in range(start, end)}
    assert covered_ms(track(*times)) == len(moments)


def test_losses_and_interruptions_stand_apart_with_their_cause() -> None:
    unsaved = Gap(cause="unsaved", segment=0, start_ms=1000, end_ms=1500)
    crash = Gap(cause="recorder_restart", began="crash", segment=1, start_ms=1500, end_ms=3400)
    manifest = Manifest(tracks=[track((0, 1000), (3400, 3900))])
    (answer,) = ledger("i", [(manifest, assembly(camera=[unsaved, crash]))]).answers
    assert (answer.answer, answer.attempt) == ("q1", 2)
    assert (answer.recorded_ms, answer.media_ms) == (1500, 1500)
    assert (answer.lost_ms, answer.interrupted_ms) == (500, 1900)
    assert [(entry.cause, entry.began) for entry in answer.entries] == [
        ("unsaved", None),
        ("recorder_restart", "crash"),
    ]
    assert [(entry.lost_ms, entry.interrupted_ms) for entry in answer.entries] == [
        (500, 0),
        (0, 1900),
    ]


def test_tracks_overlap_and_answers_add_up() -> None:
    def lost(ms: int) -> Gap:
        return Gap(cause="part_missing", segment=0, parts=[0], start_ms=0, end_ms=ms)

    both = Manifest(tracks=[track((0, 900)), track((0, 900), name="screen")])
    one = (both, assembly(camera=[lost(200)], screen=[lost(300)]))
    found = ledger("i", [one, one])
    assert [answer.lost_ms for answer in found.answers] == [300, 300]
    assert (found.lost_ms, found.interrupted_ms) == (600, 0)
    assert [entry.track for entry in found.answers[0].entries] == ["camera", "screen"]


def test_an_answer_without_a_camera_track_recorded_nothing() -> None:
    manifest = Manifest(tracks=[track((0, 900), name="screen")])
    (answer,) = ledger("i", [(manifest, assembly(screen=[]))]).answers
    assert (answer.recorded_ms, answer.media_ms) == (0, 0)
