"""Finds ffmpeg: the system's when it is new enough, else the one that the imageio-ffmpeg wheel ships.

The wheel has no ffprobe, so nothing here uses ffprobe.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass

from greenroom_media.errors import FfmpegMissing

OLDEST = (5, 1)
"""The oldest version that the tests run against; an older system ffmpeg gives way to the wheel's."""

_FIRST_LINE = re.compile(r"^ffmpeg version (\S+)")
_RELEASE = re.compile(r"^n?(\d+)\.(\d+)")


@dataclass(frozen=True)
class Binary:
    """An ffmpeg that was found: its path, and its version as it names itself."""

    path: str
    version: str

    @property
    def build(self) -> str:
        """The name for reports: two builds may decode differently."""
        return f"ffmpeg {self.version}"


def find() -> Binary:
    """The ffmpeg to use. Raises `FfmpegMissing` when there is none."""
    on_path = shutil.which("ffmpeg")
    if on_path is not None and (system := _examine(on_path)) is not None and _new_enough(system):
        return system
    shipped = _shipped()
    if shipped is not None and (wheel := _examine(shipped)) is not None:
        return wheel
    raise FfmpegMissing(
        f"no ffmpeg {OLDEST[0]}.{OLDEST[1]} or newer on PATH, and the imageio-ffmpeg wheel for this "
        "platform brings none: install ffmpeg"
    )


def _shipped() -> str | None:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # the wheel's word for "not on this platform"
        return None


@functools.cache
def _examine(path: str) -> Binary | None:
    try:
        shown = subprocess.run(
            [path, "-hide_banner", "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _FIRST_LINE.match(shown.stdout)
    return Binary(path, match[1]) if match else None


def _new_enough(binary: Binary) -> bool:
    release = _RELEASE.match(binary.version)
    if release is None:  # a build from the development branch, named by date or commit
        return True
    return (int(release[1]), int(release[2])) >= OLDEST
