"""The media layer on real recordings: faces, speech and a screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from greenroom_media.decode import read_audio, read_frames
from greenroom_media.detect import detect
from greenroom_media.join import join
from greenroom_media.probe import probe
from greenroom_media.segments import Segment
from tests.media_fixtures import parts_of

pytestmark = [
    pytest.mark.testdata,
    pytest.mark.skipif(
        "GREENROOM_TESTDATA" not in os.environ,
        reason="GREENROOM_TESTDATA does not name the folder with real recordings",
    ),
]


@pytest.fixture
def clips() -> Path:
    return Path(os.environ["GREENROOM_TESTDATA"]) / "clips"


@pytest.mark.parametrize(
    ("name", "seconds", "fps", "size", "codecs"),
    [
        ("answer_zh.webm", 60, 30, (1200, 720), ("vp8", "opus")),
        ("answer_zh.mp4", 60, 30, (1200, 720), ("h264", "aac")),
        ("answer_en.webm", 30, 25, (1280, 720), ("vp8", "opus")),
        ("screen_1080p.webm", 30, 15, (1920, 1080), ("vp8", None)),
    ],
)
def test_facts(
    name: str,
    seconds: float,
    fps: float,
    size: tuple[int, int],
    codecs: tuple[str, str | None],
    clips: Path,
) -> None:
    facts = probe(clips / name)
    assert facts.duration_s == pytest.approx(seconds, abs=0.1)
    assert facts.video is not None
    assert facts.video.mean_fps == pytest.approx(fps, rel=0.01)
    assert facts.video.fps == pytest.approx(fps, rel=0.01)
    assert facts.video.display_size == size
    assert (facts.video.codec, facts.audio and facts.audio.codec) == codecs
    assert facts.video.gaps == ()


@pytest.mark.slow
def test_a_person_who_speaks_is_neither_black_nor_frozen_nor_clipped(clips: Path) -> None:
    for name in ("answer_zh.webm", "answer_en.webm"):
        found = detect(clips / name, probe(clips / name))
        assert found.black == found.frozen == found.clipped == ()
        assert found.loudness_lufs is not None and -40 < found.loudness_lufs < -5


def test_two_answers_join_and_decode(clips: Path, tmp_path: Path) -> None:
    clip = clips / "answer_en.webm"
    segments = [Segment(str(n), lambda: iter(parts_of(clip, 300_000))) for n in range(2)]
    joined = join(segments, tmp_path)
    assert joined.recording.duration_s == pytest.approx(60, abs=0.2)
    samples = sum(block.samples.size for block in read_audio(joined.path, joined.recording))
    assert samples / 16_000 == pytest.approx(60, abs=0.2)
    frames = read_frames(joined.path, joined.recording, fps=1, width=320)
    assert sum(1 for _ in frames) == pytest.approx(60, abs=1)
