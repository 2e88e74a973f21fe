"""The module `screen` on recordings: drawn screens through a real codec, and what is no screen."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from greenroom.domain.analysis import NotMeasured, in_order
from greenroom_media.binary import find
from greenroom_screen.golden import ACTS, STEP_S, acts
from greenroom_screen.module import ScreenModule
from tests.media_fixtures import H264, LIVE, OPUS, VP8, MediaWorkshop, picture, tone
from tests.thorough import thorough


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def recorded(folder: Path, suffix: str, *codec: str) -> Path:
    """The golden screens at 1280×720 and 15 frames a second, with 1 Mbit/s, as our recorder sends a screen."""
    path = folder / f"screen{suffix}"
    shown = [frame for _, frame in acts()]
    rows, columns = shown[0].shape
    command = [find().path, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray"]
    command += ["-s", f"{columns}x{rows}", "-r", f"{1 / STEP_S:g}", "-i", "-"]
    command += [
        "-vf",
        "fps=15,tpad=start=3:start_mode=clone,scale=1280:720:flags=neighbor",
        *codec,
        str(path),
    ]
    subprocess.run(command, input=np.stack(shown).tobytes(), check=True, timeout=120)
    return path


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".webm", (*VP8, "-b:v", "1000k", *LIVE)),
        pytest.param(".mp4", H264, marks=thorough),
    ],
    ids=["VP8", "H264"],
)
def test_what_is_done_is_seen_through_a_codec(
    tmp_path: Path, suffix: str, codec: tuple[str, ...]
) -> None:
    clip = recorded(tmp_path, suffix, *codec)
    found = ScreenModule().observe({"screen": clip})
    assert found == in_order(found) == ScreenModule().observe({"screen": clip})
    seen = sorted((item.start_s, item.end_s, item.kind) for item in found if item.kind in ACTS)
    assert [kind for _, _, kind in seen] == list(ACTS)
    assert [end for _, end, _ in seen] == pytest.approx([7.5, 15.5, 23.5, 24, 32], abs=1)


def test_a_film_on_the_screen_is_neither_still_nor_typing(workshop: MediaWorkshop) -> None:
    found = ScreenModule().observe({"screen": workshop.screen(8)})
    shares = {item.kind: item.value for item in found}
    assert shares["screen_activity_share"] > 0.9
    assert "typing" not in shares


@pytest.mark.parametrize(
    ("words", "reason"),
    [((tone(6), OPUS), "no picture"), ((picture(2), VP8), "less than 5 s")],
    ids=["sound alone", "two seconds"],
)
def test_what_cannot_be_measured_says_why(
    workshop: MediaWorkshop, words: tuple[tuple[str, ...], ...], reason: str
) -> None:
    with pytest.raises(NotMeasured, match=reason):
        ScreenModule().observe({"screen": workshop.make(".webm", *words)})
