"""What a recording may be: codecs, picture size, length."""

from __future__ import annotations

from dataclasses import dataclass

from greenroom_media.errors import MediaRefused, Refusal

VIDEO_CODECS = frozenset({"vp8", "vp9", "av1", "h264", "hevc"})
AUDIO_CODECS = frozenset({"opus", "vorbis", "aac", "mp3"})
_PCM = "pcm_"


@dataclass(frozen=True)
class Rules:
    """What a recording may be.

    `max_width`, `max_height`: px, for pictures in landscape; portrait may be the other way round.
    `max_duration_s`: seconds from first to last packet. `max_packets`: in both streams together.
    """

    max_width: int = 7680
    max_height: int = 4320
    max_duration_s: float = 6 * 3600.0
    max_packets: int = 5_000_000

    @property
    def max_pixels(self) -> int:
        return self.max_width * self.max_height

    def check_size(self, width: int, height: int) -> None:
        """Raises `MediaRefused` (`media_picture_too_large`)."""
        if max(width, height) > self.max_width or min(width, height) > self.max_height:
            raise MediaRefused(
                Refusal.PICTURE_TOO_LARGE,
                f"the picture is {width} × {height} px; at most {self.max_width} × {self.max_height}",
                width=width,
                height=height,
            )

    def check_codec(self, kind: str, codec: str) -> None:
        """`kind` is `video` or `audio`. Raises `MediaRefused` (`media_codec`)."""
        accepted = VIDEO_CODECS if kind == "video" else AUDIO_CODECS
        if codec not in accepted and not (kind == "audio" and codec.startswith(_PCM)):
            raise MediaRefused(
                Refusal.CODEC, f"{kind} codec {codec!r} is not accepted", codec_name=codec
            )
