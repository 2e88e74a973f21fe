"""Small recordings made by ffmpeg for tests: built once, shared by all test processes of a run."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from greenroom_media.binary import find

VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "600k", "-g", "30")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-g", "30")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30")
OPUS = ("-c:a", "libopus", "-b:a", "64k")
AAC = ("-c:a", "aac", "-b:a", "96k")
LIVE = ("-live", "1")
"""Matroska as a browser's recorder writes it: no duration, no index."""

FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof")


def picture(seconds: float, size: str = "320x180", fps: int = 30) -> tuple[str, ...]:
    """Input words: a moving test picture."""
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}:duration={seconds}")


def tone(seconds: float, hertz: int = 440) -> tuple[str, ...]:
    """Input words: a sine at -18 dBFS, 48 kHz mono."""
    return ("-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate=48000:duration={seconds}")


def sound(expression: str, seconds: float, channels: int = 1) -> tuple[str, ...]:
    """Input words: sound by ffmpeg's `aevalsrc`, 48 kHz."""
    both = "|".join([expression] * channels)
    return ("-f", "lavfi", "-i", f"aevalsrc=exprs='{both}':sample_rate=48000:duration={seconds}")


class MediaWorkshop:
    """Makes a file per distinct command line, in one folder; two processes may make the same at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, suffix: str, *words: Sequence[str]) -> Path:
        """The file that ffmpeg writes for `words` (inputs and options); `suffix` names the container."""
        arguments = [word for group in words for word in group]
        key = hashlib.sha256("\0".join([suffix, *arguments]).encode()).hexdigest()[:16]
        path = self.folder / f"{key}{suffix}"
        if not path.exists():
            made = self.folder / f"{key}-{id(arguments)}{suffix}"
            command = [find().path, "-v", "error", "-nostdin", "-y", *arguments, str(made)]
            subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
            made.replace(path)
        return path

    def webm(
        self, seconds: float = 4, *, size: str = "320x180", fps: int = 30, hertz: int = 440
    ) -> Path:
        """VP8 + Opus as a browser records it: live, without duration or index."""
        return self.make(
            ".webm", picture(seconds, size, fps), tone(seconds, hertz), VP8, OPUS, LIVE
        )

    def mkv(self, seconds: float = 4, *, size: str = "320x180", hertz: int = 440) -> Path:
        """H.264 + Opus in live Matroska, Chromium's best."""
        return self.make(".mkv", picture(seconds, size), tone(seconds, hertz), H264, OPUS, LIVE)

    def mp4(self, seconds: float = 4, *options: str) -> Path:
        """H.264 + AAC; its index is at the end unless `options` say otherwise."""
        return self.make(".mp4", picture(seconds), tone(seconds), H264, AAC, options)

    def screen(self, seconds: float = 4) -> Path:
        """VP8 alone at 15 frames a second."""
        return self.make(".webm", picture(seconds, "640x360", 15), VP8, LIVE)

    def voice_only(self, seconds: float = 3) -> Path:
        """Opus alone in WebM."""
        return self.make(".webm", tone(seconds), OPUS, LIVE)


def parts_of(path: Path, size: int = 20_000) -> list[bytes]:
    """A file's bytes as an uploader cuts them: at any byte."""
    body = path.read_bytes()
    return [body[at : at + size] for at in range(0, len(body), size)]


def claim_size(path: Path, old: tuple[int, int], new: tuple[int, int]) -> bytes:
    """The file with its container header claiming a `new` (width, height), frames unchanged."""
    body = path.read_bytes()
    if path.suffix == ".mp4":
        return _claim_in_mp4(body, old, new)
    for element, before, after in zip(
        (b"\xb0", b"\xba"), old, new, strict=True
    ):  # PixelWidth, …Height
        length = 1 if before < 256 else 2
        written = element + bytes([0x80 | length]) + before.to_bytes(length, "big")
        assert body.count(written, 0, 1000) == 1, written
        if length == 1:
            raise ValueError("a one-byte size cannot claim more than 255 px: make the clip larger")
        body = body.replace(written, element + b"\x82" + after.to_bytes(2, "big"), 1)
    return body


def _claim_in_mp4(body: bytes, old: tuple[int, int], new: tuple[int, int]) -> bytes:
    """Both places: the sample entry (16 bits each) and the track header (16.16 fixed point)."""
    entry = b"".join(side.to_bytes(2, "big") for side in old)
    header = b"".join((side << 16).to_bytes(4, "big") for side in old)
    start = body.index(b"avc1", body.index(b"stsd"))
    at = body.index(entry, start)
    body = body[:at] + b"".join(side.to_bytes(2, "big") for side in new) + body[at + 4 :]
    at = body.index(header, body.index(b"tkhd"))
    return body[:at] + b"".join((side << 16).to_bytes(4, "big") for side in new) + body[at + 8 :]


def turned(mp4: bytes, quarters: int) -> bytes:
    """An MP4 whose first track is to be turned by `quarters` × 90° counter-clockwise (ISO/IEC 14496-12, 8.3.2)."""
    one, unit = 1 << 16, 1 << 30
    a, b, c, d = [(one, 0, 0, one), (0, -one, one, 0), (-one, 0, 0, -one), (0, one, -one, 0)][
        quarters
    ]
    before, after = (
        b"".join(cell.to_bytes(4, "big", signed=True) for cell in matrix)
        for matrix in ((one, 0, 0, 0, one, 0, 0, 0, unit), (a, b, 0, c, d, 0, 0, 0, unit))
    )
    at = mp4.index(before, mp4.index(b"tkhd"))
    return mp4[:at] + after + mp4[at + len(before) :]
