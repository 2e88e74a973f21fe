"""Joining copies packets into one seekable file and loses nothing that can be saved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from greenroom_media.binary import Binary
from greenroom_media.decode import read_audio, read_frames
from greenroom_media.errors import MediaLimit, MediaRefused, MediaTimeout, Refusal
from greenroom_media.join import JOIN_LIMITS, join
from greenroom_media.probe import probe
from greenroom_media.recording import Recording
from greenroom_media.run import KIB, Limits
from greenroom_media.segments import Segment, Source
from tests.media_fixtures import (
    AAC,
    FRAGMENTED,
    H264,
    LIVE,
    OPUS,
    VP8,
    VP9,
    MediaWorkshop,
    claim_size,
    parts_of,
    picture,
    sound,
    tone,
)

CUES, CLUSTER = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"


def uploaded(path: Path) -> Source:
    """A file as it comes from the store: parts cut at any byte."""
    return lambda: iter(parts_of(path))


def segments(*paths: Path) -> list[Segment]:
    return [Segment(f"segment {number}", uploaded(path)) for number, path in enumerate(paths)]


def assert_same(reported: Recording, probed: Recording) -> None:
    """What joining reports is what probing the result finds, to a frame."""
    assert reported.container == probed.container
    assert reported.duration_s == pytest.approx(probed.duration_s, abs=0.05)
    assert reported.video is not None and probed.video is not None
    assert reported.video.packets == probed.video.packets
    assert reported.video.key_frames_s == pytest.approx(probed.video.key_frames_s, abs=0.05)


def test_a_live_webm_becomes_seekable(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    joined = join(segments(workshop.webm(4)), tmp_path)
    assert joined.path == tmp_path / "recording.webm"
    body = joined.path.read_bytes()
    assert body.index(CUES) < body.index(CLUSTER), "the index is at the front"
    assert b"\x44\x89" in body[:500], "the header has a duration"
    assert joined.left_out == ()
    assert_same(joined.recording, probe(joined.path))
    assert joined.recording.duration_s == pytest.approx(4, abs=0.05)
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("recording-*"))


@pytest.mark.parametrize("as_file", [False, True])
def test_browsers_matroska_becomes_mp4(
    as_file: bool, each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clip = workshop.mkv(4)
    joined = join([Segment("one", clip if as_file else uploaded(clip))], tmp_path, stem="camera")
    assert joined.path == tmp_path / "camera.mp4"
    body = joined.path.read_bytes()
    assert body.index(b"moov") < body.index(b"mdat")
    facts = joined.recording
    assert facts.video is not None and facts.audio is not None
    assert (facts.container, facts.video.codec, facts.audio.codec) == ("mp4", "h264", "opus")
    assert facts.duration_s == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("options", [(), ("-movflags", "+faststart"), FRAGMENTED])
def test_any_mp4_becomes_mp4(
    options: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    joined = join(segments(workshop.mp4(4, *options)), tmp_path)
    body = joined.path.read_bytes()
    assert joined.path.suffix == ".mp4" and body.index(b"moov") < body.index(b"mdat")
    assert joined.recording.duration_s == pytest.approx(4, abs=0.05)


def test_other_combinations_stay_matroska(workshop: MediaWorkshop, tmp_path: Path) -> None:
    clip = workshop.make(".mkv", picture(2), tone(2), VP8, AAC, LIVE)
    assert join(segments(clip), tmp_path).path.suffix == ".mkv"


def test_a_screen_without_sound(workshop: MediaWorkshop, tmp_path: Path) -> None:
    joined = join(segments(workshop.screen(4), workshop.screen(2)), tmp_path, stem="screen")
    assert joined.path.name == "screen.webm"
    assert joined.recording.audio is None
    assert joined.recording.duration_s == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("make", ["webm", "mkv", "mp4"])
@pytest.mark.parametrize("count", [2, 3])
def test_segments_keep_their_length(
    make: str, count: int, each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clips = [getattr(workshop, make)(seconds) for seconds in (4, 2, 3)[:count]]
    joined = join(segments(*clips), tmp_path)
    total = (6, 9)[count - 2]
    facts = joined.recording
    assert facts.duration_s == pytest.approx(total, abs=0.15)
    assert facts.video is not None and facts.audio is not None
    assert facts.video.packets == total * 30
    assert facts.video.end_s == pytest.approx(facts.audio.end_s, abs=0.15)
    assert facts.video.gaps == facts.audio.gaps == ()
    assert joined.left_out == ()


def onsets(active: NDArray[np.bool_], per_s: int) -> NDArray[np.float64]:
    """Seconds at which `active` begins after at least 0.2 s without."""
    quiet = per_s // 5
    begins = [n for n in np.flatnonzero(active) if not active[max(0, n - quiet) : n].any()]
    return np.array(begins) / per_s


@pytest.mark.parametrize("make", ["webm", "mkv"])
def test_sound_and_picture_stay_together_over_joins(
    make: str, each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    """Each segment flashes and beeps at its first second; after three joins they still coincide."""
    flash = ("-f", "lavfi", "-i", "color=black:size=64x64:rate=30:duration=2.345,"
             "drawbox=color=white:t=fill:enable='between(t,1,1.2)'")  # fmt: skip
    beep = sound("0.5*sin(2*PI*1000*t)*between(t,1,1.2)", 2.345)
    codec = VP8 if make == "webm" else H264
    clip = workshop.make(f".{make}", flash, beep, codec, OPUS, LIVE)
    joined = join(segments(*[clip] * 4), tmp_path)
    frames = list(read_frames(joined.path, joined.recording, fps=30, width=64))
    flashes = onsets(np.array([frame.pixels.mean() > 128 for frame in frames]), per_s=30)
    samples = np.concatenate([b.samples for b in read_audio(joined.path, joined.recording)])
    levels = np.abs(samples[: samples.size // 160 * 160]).reshape(-1, 160).max(axis=1)
    beeps = onsets(levels > 0.1, per_s=100)
    assert len(flashes) == len(beeps) == 4
    assert np.abs(flashes - beeps).max() < 0.1
    assert np.diff(flashes) == pytest.approx([2.345] * 3, abs=0.1)


@pytest.mark.parametrize(("codec", "suffix"), [(VP8, ".webm"), (VP9, ".webm"), (H264, ".mkv")])
def test_a_recorder_that_stepped_down_to_a_smaller_picture(
    codec: tuple[str, ...],
    suffix: str,
    each_ffmpeg: Binary,
    workshop: MediaWorkshop,
    tmp_path: Path,
) -> None:
    large, small = (
        workshop.make(suffix, picture(2, size), tone(2), codec, OPUS, LIVE)
        for size in ("640x360", "320x180")
    )
    joined = join(segments(large, small), tmp_path)
    assert joined.left_out == ()
    frames = list(read_frames(joined.path, joined.recording, fps=2, width=320))
    original = list(read_frames(small, probe(small), fps=2, width=320))
    assert len(frames) == pytest.approx(8, abs=1)
    difference = np.abs(frames[6].pixels.astype(int) - original[2].pixels).mean()
    assert difference < 12, "the smaller picture is decoded as itself"


@pytest.mark.parametrize("codec", [VP8, H264])
@pytest.mark.parametrize("first", ["picture", "sound"])
def test_the_order_of_the_tracks_does_not_matter(
    first: str, codec: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    """A browser numbers its tracks by what came first, at each start anew."""

    def clip(order: str, seconds: float) -> Path:
        maps = (
            ("-map", "0:v", "-map", "1:a") if order == "picture" else ("-map", "1:a", "-map", "0:v")
        )
        return workshop.make(".mkv", picture(seconds), tone(seconds), maps, codec, OPUS, LIVE)

    other = {"picture": "sound", "sound": "picture"}[first]
    joined = join(segments(clip(first, 3), clip(other, 2), clip(first, 1)), tmp_path)
    assert joined.left_out == ()
    frames = list(read_frames(joined.path, joined.recording, fps=10, width=160))
    assert len(frames) == pytest.approx(60, abs=1)
    assert joined.recording.video is not None and joined.recording.audio is not None
    assert joined.recording.video.packets == 180
    assert joined.recording.audio.packets == pytest.approx(300, abs=4)


def test_segments_that_do_not_fit_are_named(workshop: MediaWorkshop, tmp_path: Path) -> None:
    odd, silent = workshop.mkv(3), workshop.make(".webm", picture(1), VP8, LIVE)
    clips = [workshop.webm(2), odd, workshop.webm(4), silent]
    joined = join(segments(*clips), tmp_path)
    assert [(out.name, out.code) for out in joined.left_out] == [
        ("segment 1", "media_not_joinable"),
        ("segment 3", "media_not_joinable"),
    ]
    assert "h264 + opus" in joined.left_out[0].detail
    assert joined.recording.duration_s == pytest.approx(6, abs=0.1)


def test_unreadable_segments_are_named_and_the_rest_is_saved(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    playlist = b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"
    headless = workshop.webm(2).read_bytes()[20_000:]
    joined = join(
        [
            Segment("playlist", lambda: [playlist]),
            Segment("headless", lambda: [headless]),
            Segment("good", uploaded(workshop.webm(4))),
            Segment("empty", lambda: []),
        ],
        tmp_path,
    )
    assert {out.name: out.code for out in joined.left_out} == {
        "playlist": Refusal.CONTAINER,
        "headless": Refusal.CONTAINER,
        "empty": Refusal.EMPTY,
    }
    assert joined.recording.duration_s == pytest.approx(4, abs=0.05)


def test_a_hole_keeps_playing(each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path) -> None:
    parts = parts_of(workshop.webm(12))
    third = len(parts) // 3
    joined = join([Segment("holed", lambda: parts[:third] + parts[2 * third :])], tmp_path)
    assert joined.recording.duration_s == pytest.approx(12, abs=0.1)
    assert joined.recording.video is not None and len(joined.recording.video.gaps) == 1
    frames = list(read_frames(joined.path, joined.recording, fps=2, width=320))
    assert len(frames) == pytest.approx(24, abs=1)
    samples = sum(block.samples.size for block in read_audio(joined.path, joined.recording))
    assert samples / 16_000 == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize("make", ["webm", "mkv"])
@pytest.mark.parametrize("also", [False, True])
def test_a_truncated_end_is_cut(
    make: str, also: bool, each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    clip = getattr(workshop, make)(6)
    body = clip.read_bytes()[: clip.stat().st_size * 2 // 3]
    whole = [Segment("whole", uploaded(getattr(workshop, make)(2)))] if also else []
    joined = join([Segment("cut", lambda: [body]), *whole], tmp_path)
    left = joined.recording.duration_s - (2 if also else 0)
    assert 3 < left < 5
    if not also:
        assert_same(joined.recording, probe(joined.path))


def test_a_lying_duration_opens_no_hole(workshop: MediaWorkshop, tmp_path: Path) -> None:
    """The first segment's header claims 8 s; its bytes end after about half of them."""
    liar = workshop.make(".webm", picture(8), tone(8), VP8, OPUS)
    body = liar.read_bytes()[: liar.stat().st_size // 2]
    joined = join([Segment("liar", lambda: [body]), *segments(workshop.webm(2))], tmp_path)
    assert joined.recording.video is not None
    assert joined.recording.video.gaps == ()
    assert joined.recording.duration_s < 8


def test_the_same_bytes_each_time(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    for clips in ([workshop.webm(4)], [workshop.mkv(4)], [workshop.webm(2), workshop.webm(4)]):
        bodies = {join(segments(*clips), tmp_path).path.read_bytes() for _ in range(3)}
        assert len(bodies) == 1


def test_the_senders_tags_are_dropped(workshop: MediaWorkshop, tmp_path: Path) -> None:
    tags = ("-metadata", "title=where I live", "-metadata", "location=+31.2+121.4/")
    for suffix, codecs in ((".mkv", H264), (".webm", VP8)):
        clip = workshop.make(suffix, picture(1), codecs, tags)
        assert b"where I live" in clip.read_bytes()
        assert b"where I live" not in join(segments(clip), tmp_path).path.read_bytes()


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_of_the_source_leaves_nothing_behind(
    count: int, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    class StoreIsGone(Exception):
        pass

    room = tmp_path / "room"
    room.mkdir()
    body = workshop.webm(4).read_bytes() * 20

    def breaking() -> Iterator[bytes]:
        yield body
        raise StoreIsGone

    good = segments(workshop.webm(4))[: count - 1]
    with pytest.raises(StoreIsGone):
        join([*good, Segment("breaking", breaking)], room)
    assert list(room.iterdir()) == []


def test_limits_hold_and_leave_nothing_behind(workshop: MediaWorkshop, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    with pytest.raises(MediaLimit):
        join(segments(workshop.webm(4)), room, limits=Limits(output_bytes=10 * KIB))

    def hanging() -> Iterator[bytes]:
        yield workshop.webm(4).read_bytes() * 20
        time.sleep(5)

    with pytest.raises(MediaTimeout):
        join([Segment("slow", hanging)], room, limits=Limits(wall_s=0.5))
    assert list(room.iterdir()) == []
    assert JOIN_LIMITS.memory_bytes <= 2**30


@pytest.mark.parametrize("count", [1, 2])
def test_hostile_segments_are_refused(count: int, workshop: MediaWorkshop, tmp_path: Path) -> None:
    clip = workshop.make(".webm", picture(1, "640x360"), VP8)
    huge = claim_size(clip, (640, 360), (20_000, 20_000))
    for body, code in (
        (b"", Refusal.EMPTY),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Refusal.CONTAINER),
        (huge, Refusal.PICTURE_TOO_LARGE),
        (workshop.make(".mkv", picture(1), ("-c:v", "ffv1")).read_bytes(), Refusal.CODEC),
        (workshop.voice_only().read_bytes(), Refusal.NO_VIDEO),
    ):
        with pytest.raises(MediaRefused) as raised:
            join([Segment("hostile", lambda body=body: [body])] * count, tmp_path)
        assert raised.value.code == code
    with pytest.raises(MediaRefused):
        join([], tmp_path)


def test_sound_alone_where_no_picture_is_needed(workshop: MediaWorkshop, tmp_path: Path) -> None:
    joined = join(segments(workshop.voice_only()), tmp_path, need_video=False)
    assert joined.path.suffix == ".webm" and joined.recording.video is None
