"""Markers on the attempt's clock, found again in a recording that was interrupted."""

from greenroom.domain.manifest import Manifest, Marker, Part, Segment, TrackManifest


def segment(number: int, *spans: tuple[int, int]) -> Segment:
    parts = [
        Part(part=index, size=1, sha256="0" * 64, start_ms=start, end_ms=end)
        for index, (start, end) in enumerate(spans)
    ]
    return Segment(segment=number, mime_type="video/webm", parts=parts)


CAMERA = TrackManifest(
    track="camera",
    segments=[segment(0, (100, 2100), (2100, 4100)), segment(1, (9000, 11_000))],
)


def test_interruptions_are_taken_out_of_the_clock() -> None:
    moments = {
        0: 0,
        100: 0,
        1100: 1000,
        4100: 4000,
        7000: 4000,
        9000: 4000,
        9500: 4500,
        99_000: 6000,
    }
    assert {at: CAMERA.recorded_ms(at) for at in moments} == moments


def test_key_moments_come_in_order_with_their_notes() -> None:
    manifest = Manifest(
        tracks=[CAMERA],
        markers=[Marker(at_ms=10_000, note="项目难点"), Marker(at_ms=600)],
    )
    assert [(moment.at_s, moment.note) for moment in manifest.key_moments] == [
        (0.5, ""),
        (5.0, "项目难点"),
    ]


def test_a_manifest_without_a_camera_has_no_key_moments() -> None:
    screen = TrackManifest(track="screen", segments=CAMERA.segments)
    assert Manifest(tracks=[screen], markers=[Marker(at_ms=5)]).key_moments == []
