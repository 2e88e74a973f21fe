"""What is known about a recording from its packets: plain facts with units, no judgement."""

from __future__ import annotations

from dataclasses import dataclass, field

from greenroom.domain.quality import TimeRange


@dataclass(frozen=True)
class VideoFacts:
    """The first picture stream. Times are seconds from the recording's start.

    `width`, `height`: px as coded; `rotation`: degrees counter-clockwise that a player turns it by (0, 90,
    180, 270); `pixel_aspect`: width of a pixel over its height. `packets`: number of coded frames.
    `fps`: frames per second by the median interval, None with fewer than two; `mean_fps`: packets over
    the stream's length, lower than `fps` where frames are missing. `start_s`, `end_s`: first frame's time,
    end of the last. `gaps`: where no frame came for `GAP_S` longer than usual. `key_frames_s`: the times of
    key frames, `key_numbers`: how many packets of the stream come before each in the file.
    `odd_s`: where packet sizes say that something may have happened, see `odd_moments`.
    """

    codec: str
    width: int
    height: int
    rotation: int
    pixel_aspect: float
    packets: int
    fps: float | None
    mean_fps: float | None
    start_s: float
    end_s: float
    gaps: tuple[TimeRange, ...]
    key_frames_s: tuple[float, ...]
    key_numbers: tuple[int, ...] = ()
    odd_s: tuple[float, ...] = ()

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) in px as a player shows it: square pixels, turned."""
        width = max(1, round(self.width * self.pixel_aspect))
        return (self.height, width) if self.rotation % 180 else (width, self.height)


@dataclass(frozen=True)
class AudioFacts:
    """The first sound stream. Times are seconds from the recording's start.

    `sample_rate`: Hz. `channels`: ffmpeg's name of the layout (`mono`, `stereo`, `5.1`). `setup`: size and
    checksum of the decoder's setup bytes, "" without any. `packets`: number of coded packets. `gaps`: where
    sound is missing for longer than `GAP_S`.
    """

    codec: str
    sample_rate: int
    channels: str
    setup: str
    packets: int
    start_s: float
    end_s: float
    gaps: tuple[TimeRange, ...]


@dataclass(frozen=True)
class Recording:
    """A file that was demuxed to its end.

    `container`: `webm`, `matroska`, `mp4` or `quicktime`. `duration_s`: from the first packet's time to the
    end of the last, whatever the header says. `size_bytes`: bytes of the coded packets alone. `order`: kinds
    (`video`, `audio`, …) of all streams as the container numbers them, () where nobody asked.
    """

    container: str
    duration_s: float
    size_bytes: int
    video: VideoFacts | None
    audio: AudioFacts | None
    order: tuple[str, ...] = field(default=(), compare=False)
