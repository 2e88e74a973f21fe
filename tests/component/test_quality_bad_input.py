"""Odd recordings, as phones and other programs write them: every one gets findings, none a crash."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from functions.quality_check.checks import CHECKS
from functions.quality_check.measured import measure
from greenroom.domain.assembly import AssembledTrack
from greenroom.domain.quality import Finding
from greenroom.domain.template import QualityTiers, Question
from greenroom_media.errors import MediaRefused
from greenroom_media.run import Limits
from greenroom_media.survey import FaceCounter
from tests.media_fixtures import (
    AAC,
    H264,
    LIVE,
    OPUS,
    VP8,
    VP9,
    MediaWorkshop,
    picture,
    tone,
    turned,
)
from tests.thorough import thorough

BLACKENED = ("-vf", "drawbox=color=black:t=fill:enable='between(t,3.3,6.1)'")
SECONDS = 9


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def findings(path: Path, counter: FaceCounter | None = None) -> dict[str, Finding]:
    track = AssembledTrack(
        track="camera",
        status="complete",
        recording="recordings/x",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    question = Question(id="q", text={"en": "Why?"})
    seen = measure(track, path, question, QualityTiers(), Limits(), counter)
    return {finding.code: finding for finding in (check(seen) for check in CHECKS["camera"])}


def spans(finding: Finding) -> list[tuple[float, float]]:
    return [(one.start_s, one.end_s) for one in finding.ranges]


def assert_black_where_made(found: dict[str, Finding]) -> None:
    ((start_s, end_s),) = spans(found["black_share"])
    assert (start_s, end_s) == pytest.approx((3.3, 6.1), abs=0.5)
    assert found["frozen_share"].value == found["covered_share"].value == 0


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        (".mp4", (*H264, "-g", "9999", *AAC)),
        (".webm", (*VP9, *OPUS)),
        (".webm", (*VP9, "-g", "9999", *OPUS)),
        (".mkv", (*H264, "-bf", "3", "-g", "50", *OPUS, *LIVE)),
        (".mp4", (*H264, "-ac", "6", *AAC)),
        (".mp4", (*H264, "-ar", "8000", *AAC)),
        (".webm", (*VP8, "-ar", "8000", *OPUS)),
    ],
    ids=[
        "one key frame",
        "vp9",
        "vp9, one key frame",
        "b-frames",
        "5.1",
        "8 kHz aac",
        "8 kHz opus",
    ],
)
def test_other_programs_files(workshop: MediaWorkshop, suffix: str, words: tuple[str, ...]) -> None:
    found = findings(workshop.make(suffix, picture(SECONDS), tone(SECONDS), BLACKENED, words))
    assert_black_where_made(found)
    assert found["silence_share"].value == 0
    assert found["loudness_lufs"].value == pytest.approx(-21, abs=4)


def test_a_phone_held_upright(workshop: MediaWorkshop, tmp_path: Path) -> None:
    lying = workshop.make(".mp4", picture(SECONDS, "640x360"), tone(SECONDS), BLACKENED, H264, AAC)
    path = tmp_path / "upright.mp4"
    path.write_bytes(turned(lying.read_bytes(), 1))
    found = findings(path)
    assert_black_where_made(found)
    assert found["height_px"].value == 360


def test_a_variable_frame_rate_is_the_mean(workshop: MediaWorkshop) -> None:
    thinned = "select='if(lt(t,4.5),1,not(mod(n,3)))'"
    path = workshop.make(
        ".mkv",
        (*picture(SECONDS), *tone(SECONDS)),
        ("-vf", thinned, "-fps_mode", "vfr", *H264, *OPUS),
    )
    found = findings(path)
    assert found["fps"].value == pytest.approx(20, abs=0.5)
    assert (found["frozen_share"].value, found["black_share"].value) == (0, 0)


def test_timestamps_that_jump_leave_a_frozen_and_silent_hole(workshop: MediaWorkshop) -> None:
    path = workshop.make(
        ".mkv",
        (*picture(6), *tone(6)),
        ("-vf", "setpts='PTS+gte(T,3)*100/TB'", "-af", "asetpts='PTS+gte(T,3)*100/TB'"),
        ("-fps_mode", "passthrough", *H264, *OPUS),
    )
    found = findings(path)
    for code in ("frozen_share", "silence_share"):
        ((start_s, end_s),) = spans(found[code])
        assert (start_s, end_s) == pytest.approx((3, 103), abs=0.6), code
    assert found["fps"].value == pytest.approx(30, abs=1)


def test_one_picture_under_a_voice(workshop: MediaWorkshop) -> None:
    path = workshop.make(
        ".mkv",
        (*picture(6), *tone(6)),
        ("-vf", "select=eq(n\\,0)", "-fps_mode", "vfr", *H264, *OPUS),
    )
    found = findings(path)
    assert found["fps"].level == "not_measured"
    assert found["frozen_share"].value == pytest.approx(1, abs=0.02)
    assert found["av_drift_s"].level == "not_measured"


def test_a_sound_that_begins_late_and_one_that_drifts(workshop: MediaWorkshop) -> None:
    late = workshop.make(
        ".webm", (*picture(6), "-itsoffset", "0.3", *tone(6)), ("-t", "6.3", *VP8, *OPUS)
    )
    offset = findings(late)["av_offset_s"]
    assert offset.value == pytest.approx(0.3, abs=0.03)
    assert (offset.level, offset.reason) == ("warning", "the sound begins after the picture")
    longer = workshop.make(".webm", (*picture(6), *tone(6.5)), (*VP8, *OPUS))
    found = findings(longer)
    assert found["av_drift_s"].value == pytest.approx(0.5, abs=0.06)
    assert (found["av_drift_s"].level, found["av_offset_s"].level) == ("warning", "ok")


def test_a_truncated_file_has_the_length_that_is_there(
    workshop: MediaWorkshop, tmp_path: Path
) -> None:
    body = workshop.webm(8).read_bytes()
    path = tmp_path / "cut.webm"
    path.write_bytes(body[: len(body) // 2])
    found = findings(path)
    assert found["duration_s"].value == pytest.approx(4, abs=1)


def test_a_voice_without_a_picture_is_refused(workshop: MediaWorkshop) -> None:
    with pytest.raises(MediaRefused) as refused:
        findings(workshop.voice_only())
    assert refused.value.code == "media_no_video"


def test_a_pattern_is_no_face(workshop: MediaWorkshop) -> None:
    from greenroom_vision.detector import best_detector

    fractal = ("-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25", "-t", "6")
    found = findings(workshop.make(".webm", fractal, VP8), best_detector())["no_face_share"]
    assert (found.value, found.level) == (1.0, "re_record")
    assert found.confidence is not None


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [20, pytest.param(120, marks=thorough)])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_a_long_one_needs_no_more_memory_than_two_minutes(
    workshop: MediaWorkshop, minutes: int
) -> None:
    minute = workshop.make(
        ".mkv",
        ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=2:duration=60", *tone(60)),
        (*H264, "-g", "4", "-ar", "8000", "-ac", "1", *AAC),
    )

    def checked(length: int) -> tuple[float, float]:
        """Seconds found, and the peak of a process of its own in MB, its ffmpegs included."""
        path = workshop.make(
            ".mkv", ("-stream_loop", str(length - 1), "-i", str(minute), "-c", "copy")
        )
        program = (
            "import re, resource, sys; from pathlib import Path;"
            "from tests.component.test_quality_bad_input import findings;"
            "found = findings(Path(sys.argv[1]));"
            # getrusage's peak of oneself begins with that of the process that forked us.
            "own = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]);"
            "ffmpegs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
            "print(found['duration_s'].value, max(own, ffmpegs) / 1024)"
        )
        command = [sys.executable, "-c", program, str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        length_s, peak_mb = ran.stdout.split()
        return float(length_s), float(peak_mb)

    (short_s, short_mb), (long_s, long_mb) = checked(2), checked(minutes)
    assert (short_s, long_s) == pytest.approx((120, minutes * 60), rel=0.01)
    assert long_mb < short_mb * 1.3
    assert long_mb < 500
