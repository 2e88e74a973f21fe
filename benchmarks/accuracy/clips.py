"""Good recordings to be spoilt: those of GREENROOM_TESTDATA, or one made of our own golden inputs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from greenroom_media.binary import find

VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1800k", "-g", "60")
H264 = ("-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p")
"""At x264's own distance of key frames: up to 250 frames, as other programs write them."""
OPUS = ("-c:a", "libopus", "-b:a", "64k")
AAC = ("-c:a", "aac", "-b:a", "128k")

LENGTH_S = 16.0
START_S = 2.0


@dataclass(frozen=True)
class Clip:
    """A short recording of one person who speaks, and how its twins are to be encoded."""

    name: str
    path: Path
    video: Sequence[str]
    audio: Sequence[str]

    @property
    def suffix(self) -> str:
        return self.path.suffix


def clips(folder: Path) -> list[Clip]:
    """One clip per recording with sound, cut to `LENGTH_S` seconds into `folder`; at least the generated one."""
    found = [generated(folder)]
    testdata = os.environ.get("GREENROOM_TESTDATA")
    if testdata:
        for source in sorted((Path(testdata) / "clips").glob("*.*")):
            if source.suffix in {".webm", ".mp4"} and not source.name.startswith("screen"):
                found.append(_cut(source, folder))
    return found


def generated(folder: Path) -> Clip:
    """A portrait that sways before a tiled wall, and two spoken sentences again and again: 640×360, 25 fps."""
    face = str(resources.files("greenroom_vision") / "golden" / "face.jpg")
    voice = str(resources.files("greenroom_speech") / "golden" / "two_sentences.webm")
    wall = "color=0x8090a0:size=640x360:rate=25,drawgrid=w=40:h=40:t=2:color=0x506070"
    sways = (
        "[0][1]overlay=x='220+60*sin(1.3*t)':y='60+30*sin(0.9*t)':shortest=0,format=yuv420p[v];"
        "[2]highpass=f=60,apad[a]"
    )
    path = folder / "generated.webm"
    if not path.exists():
        ffmpeg(
            *("-f", "lavfi", "-i", wall, "-loop", "1", "-framerate", "25", "-i", face),
            *("-stream_loop", "-1", "-i", voice, "-filter_complex", sways),
            *("-map", "[v]", "-map", "[a]", "-t", f"{LENGTH_S:g}", *VP8, *OPUS),
            path,
        )
    return Clip("generated", path, VP8, OPUS)


def ffmpeg(*words: str | Path) -> None:
    """Run ffmpeg; the last word is the file that it makes, which appears when it is whole."""
    *options, path = words
    path = Path(path)
    made = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    command = [find().path, "-v", "error", "-nostdin", "-y", *map(str, options), str(made)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    made.replace(path)


def _cut(source: Path, folder: Path) -> Clip:
    webm = source.suffix == ".webm"
    video, audio = (VP8, OPUS) if webm else (H264, AAC)
    path = folder / f"{source.stem}_{source.suffix[1:]}{source.suffix}"
    if not path.exists():
        span = ("-ss", f"{START_S:g}", "-t", f"{LENGTH_S:g}")
        ffmpeg(*span, "-i", source, *video, *audio, path)
    return Clip(path.stem, path, video, audio)
