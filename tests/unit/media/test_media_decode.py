"""Decoding gives samples and pictures at the times they claim."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from greenroom_media.binary import Binary, find
from greenroom_media.decode import read_audio, read_frames
from greenroom_media.errors import MediaRefused
from greenroom_media.probe import probe
from tests.media_fixtures import AAC, H264, OPUS, VP8, MediaWorkshop, picture, sound, tone, turned


def test_sound_comes_in_blocks_on_the_clock(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    path = workshop.webm(4, hertz=1000)
    blocks = list(read_audio(path, probe(path), block_s=1.5))
    assert [block.start_s for block in blocks] == [0, 1.5, 3]
    assert blocks[0].samples.shape == (24_000,) and blocks[0].samples.dtype == np.float32
    samples = np.concatenate([block.samples for block in blocks])
    assert samples.size / 16_000 == pytest.approx(4, abs=0.05)
    loudest = np.abs(np.fft.rfft(samples[16_000:32_000])).argmax()
    assert loudest == pytest.approx(1000, abs=2)


def test_overshoot_is_kept(workshop: MediaWorkshop) -> None:
    clipped = sound("max(-1,min(1,3*sin(2*PI*300*t)))", 2)
    path = workshop.make(".webm", picture(2), clipped, VP8, OPUS)
    peak = max(float(np.abs(block.samples).max()) for block in read_audio(path, probe(path)))
    assert peak > 1.0


def test_sound_that_starts_late_is_preceded_by_silence(
    each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    path = workshop.make(".mkv", picture(4), ("-itsoffset", "1.5"), tone(2), H264, OPUS)
    samples = np.concatenate([block.samples for block in read_audio(path, probe(path))])
    assert np.abs(samples[:22_000]).max() < 0.01 < np.abs(samples[26_000:50_000]).max()


def test_no_sound_no_blocks(workshop: MediaWorkshop) -> None:
    path = workshop.screen(4)
    assert list(read_audio(path, probe(path))) == []


@pytest.mark.parametrize(("colour", "depth"), [("gray", ()), ("rgb", (3,))])
def test_pictures_at_a_rate_and_width(
    colour: str, depth: tuple[int, ...], each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    path = workshop.webm(4)
    frames = list(read_frames(path, probe(path), fps=5, width=160, colour=colour))  # type: ignore[arg-type]
    assert len(frames) == pytest.approx(20, abs=1)
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(len(frames)) / 5)
    assert {frame.pixels.shape for frame in frames} == {(90, 160, *depth)}
    assert frames[0].pixels.dtype == np.uint8
    assert np.abs(frames[0].pixels.astype(int) - frames[10].pixels).mean() > 1


def test_a_picture_is_the_one_shown_at_its_time(
    each_ffmpeg: Binary, workshop: MediaWorkshop
) -> None:
    """The picture is black until 2.5 s: the one at 2 s is black, the one at 3 s is not."""
    lit = ("-f", "lavfi", "-i", "color=black:size=64x64:rate=30:duration=5,"
           "drawbox=color=white:t=fill:enable='gte(t,2.5)'")  # fmt: skip
    path = workshop.make(".mkv", lit, H264)
    means = [frame.pixels.mean() for frame in read_frames(path, probe(path), fps=1, width=64)]
    assert [mean > 128 for mean in means] == [False, False, False, True, True]


def test_pictures_are_never_enlarged(workshop: MediaWorkshop) -> None:
    path = workshop.webm(4)
    assert next(read_frames(path, probe(path), fps=1, width=4000)).pixels.shape == (180, 320)


def test_pixels_are_made_square(workshop: MediaWorkshop) -> None:
    path = workshop.make(".mkv", picture(1), H264, ("-vf", "setsar=2/1"))
    assert next(read_frames(path, probe(path), fps=1, width=320)).pixels.shape == (90, 320)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_pictures_come_upright(
    quarters: int, each_ffmpeg: Binary, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    """Turned as ffmpeg's own player turns them."""
    flat = workshop.make(".mp4", picture(1), H264, ("-movflags", "+faststart"))
    path = tmp_path / "turned.mp4"
    path.write_bytes(turned(flat.read_bytes(), quarters))
    facts = probe(path)
    assert facts.video is not None and facts.video.rotation == 90 * quarters
    frame = next(read_frames(path, facts, fps=1, width=320)).pixels
    words = ["-v", "error", "-nostdin", "-i", str(path), "-frames:v", "1"]
    words += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    played = subprocess.run([find().path, *words], capture_output=True, check=True).stdout
    expected = np.frombuffer(played, np.uint8).reshape(frame.shape)
    assert np.abs(frame.astype(int) - expected).mean() < 3


def test_no_picture_is_refused(workshop: MediaWorkshop) -> None:
    path = workshop.voice_only()
    with pytest.raises(MediaRefused) as raised:
        next(read_frames(path, probe(path, need_video=False), fps=1, width=320))
    assert raised.value.code == "media_no_video"


def test_a_reader_that_stops_ends_ffmpeg(workshop: MediaWorkshop) -> None:
    path = workshop.make(".mp4", picture(20, "640x360"), H264, AAC)
    frames = read_frames(path, probe(path), fps=30, width=640)
    next(frames)
    assert running_on(path)
    frames.close()
    assert not running_on(path)


def running_on(path: Path) -> bool:
    """Whether an ffmpeg has `path` among its words."""
    listed = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    return any(find().path in line and str(path) in line for line in listed.stdout.splitlines())
