"""Fixtures for the media layer: a workshop for clips, and both kinds of ffmpeg in turn."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from greenroom_media import binary
from tests.media_fixtures import MediaWorkshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    """One folder for the whole run; under xdist the workers' common parent."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "media-workshop"
    folder.mkdir(exist_ok=True)
    return MediaWorkshop(folder)


@pytest.fixture(params=["system", "wheel"])
def each_ffmpeg(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> binary.Binary:
    """Runs the test with the system's ffmpeg and with the wheel's: they are years apart."""
    if request.param == "system":
        found = shutil.which("ffmpeg")
        if found is None:
            pytest.skip("no ffmpeg on PATH")
        path = found
    else:
        import imageio_ffmpeg

        try:
            path = imageio_ffmpeg.get_ffmpeg_exe()
        except RuntimeError:
            pytest.skip("the imageio-ffmpeg wheel has no ffmpeg for this platform")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ffmpeg").symlink_to(path)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    used = binary.find()
    if used.path != str(folder / "ffmpeg"):
        pytest.skip(f"{path} is older than {binary.OLDEST}")
    return used
