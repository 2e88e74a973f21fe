"""Detectors find stretches where they were put, to within half a second, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from greenroom.domain.quality import TimeRange
from greenroom_media.binary import Binary
from greenroom_media.detect import Detected, Sensitivity, detect
from greenroom_media.probe import probe
from tests.media_fixtures import AAC, H264, OPUS, VP8, MediaWorkshop, picture, sound, tone

GOOD_VP8 = (*VP8, "-b:v", "1500k")
SINE = "sin(2*PI*997*t)"


def scenes(
    seconds: float, black: str = "0", frozen: tuple[float, float] | None = None
) -> Sequence[str]:
    """Moving noise-free picture; black while the expression holds, frozen in between two seconds."""
    graph = f"testsrc2=size=320x180:rate=25:duration={seconds}"
    if frozen is not None:
        first, last = (round(at * 25) for at in frozen)
        graph += (
            f",loop=loop={last - first}:size=1:start={first},trim=duration={seconds},setpts=N/25/TB"
        )
    graph += f",drawbox=color=black:t=fill:enable='{black}'"
    return ("-f", "lavfi", "-i", graph)


def look(path: Path, **options: object) -> Detected:
    return detect(path, probe(path, need_video=False), **options)  # type: ignore[arg-type]


def near(found: tuple[TimeRange, ...] | None, *expected: tuple[float, float]) -> bool:
    assert found is not None
    pairs = [(one.start_s, one.end_s) for one in found]
    assert len(pairs) == len(expected), pairs
    return all(
        abs(got - want) <= 0.5
        for pair, wanted in zip(pairs, expected, strict=True)
        for got, want in zip(pair, wanted, strict=True)
    )


@pytest.mark.parametrize("codec", [GOOD_VP8, H264])
def test_black_and_frozen_stretches(
    codec: tuple[str, ...], each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    path = workshop.make(".mkv", scenes(16, "between(t,3,6)", (8, 12)), codec)
    found = look(path)
    assert near(found.black, (3, 6))
    assert near(found.frozen, (8, 12)), "black is not also frozen"
    assert found.silent is found.clipped is found.loudness_lufs is found.peak_dbfs is None


def test_stretches_in_an_mp4_whose_sound_is_stored_before_it_is_heard(
    each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    black = "between(t,0.4,2.6)+between(t,7.4,9.6)"
    late = ("-itsoffset", "0.007", *tone(12))
    path = workshop.make(".mp4", scenes(12, black), late, H264, AAC)
    facts = probe(path)
    assert facts.video is not None and facts.video.start_s > 0.01, "the two clocks differ"
    assert near(look(path).black, (0.4, 2.6), (7.4, 9.6))


def test_stretches_that_last_to_the_end(workshop: MediaWorkshop) -> None:
    quiet = sound(f"0.2*{SINE}*lt(t,5)", 10)
    dark = look(workshop.make(".mkv", scenes(10, "gte(t,6)"), quiet, H264, OPUS))
    assert near(dark.black, (6, 10)) and near(dark.frozen) and near(dark.silent, (5, 10))
    still = look(workshop.make(".mkv", scenes(10, frozen=(4, 10)), quiet, H264, OPUS))
    assert near(still.black) and near(still.frozen, (4, 10))


def test_silent_and_clipped_stretches(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    loud = f"max(-1,min(1,3*{SINE}))"
    path = workshop.make(
        ".webm",
        picture(16),
        sound(f"between(t,0,4)*0.1*{SINE}+between(t,8,12)*{loud}+gte(t,12)*0.1*{SINE}", 16),
        VP8,
        OPUS,
    )
    found = look(path)
    assert near(found.silent, (4, 8))
    assert near(found.clipped, (8, 12))
    assert near(found.black) and near(found.frozen)
    assert found.peak_dbfs is not None and found.peak_dbfs > 0


def test_clipping_in_one_channel_of_two(workshop: MediaWorkshop) -> None:
    two = ("-f", "lavfi", "-i",
           f"aevalsrc=exprs='0.01*{SINE}|max(-1,min(1,3*{SINE}))':sample_rate=48000:duration=4")  # fmt: skip
    found = look(workshop.make(".webm", picture(4), two, VP8, OPUS, ("-b:a", "128k")))
    assert near(found.clipped, (0, 4))


def test_loudness_of_a_known_tone(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    """EBU Tech 3341, case 1: a 1 kHz sine at -23 dBFS in both channels reads -23 LUFS."""
    path = workshop.make(
        ".webm", picture(5), sound(f"{10 ** (-23 / 20)}*{SINE}", 5, channels=2), VP8, OPUS
    )
    found = look(path)
    assert found.loudness_lufs == pytest.approx(-23, abs=0.5)
    assert found.peak_dbfs == pytest.approx(-23, abs=1)


def test_digital_silence(workshop: MediaWorkshop) -> None:
    found = look(workshop.make(".webm", picture(4), sound("0", 4), VP8, OPUS))
    assert near(found.silent, (0, 4))
    assert found.loudness_lufs is not None and found.loudness_lufs <= -70
    assert found.peak_dbfs is not None and found.peak_dbfs <= -90


def test_a_stream_that_ends_early_leaves_a_silent_or_frozen_rest(workshop: MediaWorkshop) -> None:
    mute = look(workshop.make(".mkv", picture(8), tone(3), H264, OPUS))
    assert near(mute.silent, (3, 8)) and near(mute.frozen)
    stuck = look(workshop.make(".mkv", picture(3), tone(8), H264, OPUS))
    assert near(stuck.frozen, (3, 8)) and near(stuck.silent)


def test_sound_alone(workshop: MediaWorkshop) -> None:
    found = look(workshop.voice_only())
    assert found.black is None and found.frozen is None
    assert near(found.silent) and found.loudness_lufs is not None


def test_short_stretches_are_not_reported(workshop: MediaWorkshop) -> None:
    path = workshop.make(".mkv", scenes(8, "between(t,3,4)", (5, 6)), H264)
    assert near(look(path).black, (3, 4)) and near(look(path).frozen)
    assert near(look(path, sensitivity=Sensitivity(black_s=2)).black)
    assert near(look(path, sensitivity=Sensitivity(frozen_s=0.5)).frozen, (5, 6))


def test_a_change_of_size_on_the_way_keeps_the_clock(
    each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    from greenroom_media.join import join
    from greenroom_media.segments import Segment

    large = workshop.make(".mkv", picture(4, "640x360", 25), tone(4), H264, OPUS)
    small = workshop.make(".mkv", scenes(8, "between(t,3,6)"), tone(8), H264, OPUS)
    joined = join([Segment("large", large), Segment("small", small)], tmp_path)
    found = detect(joined.path, joined.recording)
    assert near(found.black, (7, 10)) and near(found.frozen)
