"""Reads ffmpeg's `framecrc` listing: the streams it names and the timing of every packet.

The listing is made by demuxing alone (about 0.003 of real time) and says when each packet plays, which
headers do not: a truncated file's header still claims the whole, a live recording's claims nothing.

    #tb 0: 1/1000
    #media_type 0: video
    #codec_id 0: vp8
    #dimensions 0: 1280x720
    0,         14,         14,       33,    16464, 0xb0a9b152
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from greenroom.domain.quality import TimeRange
from greenroom_media.errors import MediaRefused, Refusal
from greenroom_media.framecrc import NO_TIME, Flags, Integers, parse
from greenroom_media.odd import odd_moments
from greenroom_media.recording import AudioFacts, Recording, VideoFacts
from greenroom_media.rules import Rules

GAP_S = 0.5
"""Seconds without a frame or sound, beyond the usual interval, that count as a gap."""

_STRIDE = 10


@dataclass
class Track:
    """One stream of the listing while it is read. Times are in ticks of `tick` seconds."""

    index: int
    tick: Fraction = Fraction(0)
    kind: str = ""
    codec: str = ""
    extradata: str = ""
    width: int = 0
    height: int = 0
    pixel_aspect: Fraction = Fraction(1)
    sample_rate: int = 0
    channels: str = ""
    size: int = 0
    last_duration: int = 0
    latest: int = 0
    packets: int = 0
    _times: list[Integers] = field(default_factory=list)
    read: int = 0
    _sizes: list[Integers] = field(default_factory=list)
    _keys: list[Flags] = field(default_factory=list)
    _numbers: list[Integers] = field(default_factory=list)

    def take(
        self, times: Integers, durations: Integers, sizes: Integers, keys: Flags, numbers: Integers
    ) -> None:
        """The next packets that play; `numbers` are their places among all of the stream, from 0.

        Raises `MediaRefused` (`media_timestamps`).
        """
        if not times.size:
            return
        if times.max() > self.latest or times.min() < -self.latest:
            worst = float(np.abs(times).max() * float(self.tick))
            raise MediaRefused(Refusal.TIMESTAMPS, f"a packet claims to play at {worst:.0f} s")
        self.packets += times.size
        self.last_duration = max(0, int(durations[-1]))
        self._times.append(times)
        self._sizes.append(sizes)
        self._keys.append(keys)
        self._numbers.append(numbers)

    def times(self) -> Integers:
        """When the packets play, sorted."""
        return np.sort(np.concatenate(self._times))

    def keys(self) -> tuple[Integers, Integers]:
        """Times, sorted, of the key frames, and their places among all packets."""
        keys = np.concatenate(self._keys)
        times = np.concatenate(self._times)[keys]
        order = np.argsort(times, kind="stable")
        return times[order], np.concatenate(self._numbers)[keys][order]

    def odd_times(self, zero: Fraction) -> tuple[float, ...]:
        """See `odd_moments`; seconds from `zero`."""
        times = np.asarray(np.concatenate(self._times) * float(self.tick) - float(zero), np.float64)
        return odd_moments(times, np.concatenate(self._sizes), np.concatenate(self._keys))

    def seconds(self, ticks: int) -> Fraction:
        return ticks * self.tick


class Listing:
    """All streams of a listing; feed it lines, then ask for `recording`."""

    def __init__(self, rules: Rules) -> None:
        self.tracks: dict[int, Track] = {}
        self._rules = rules
        self._packets = 0

    def feed(self, blocks: Iterable[bytes]) -> None:
        """Take the listing in `blocks` of any size. Raises `MediaRefused` as soon as one breaks a rule.

        An unfinished last line means that ffmpeg was stopped; whoever runs it knows why.
        """
        rest = b""
        for block in blocks:
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                self._take(whole + newline)

    def first(self, kind: str) -> Track | None:
        """The stream of `kind` (`video`, `audio`) that has packets."""
        return next((t for t in self.tracks.values() if t.kind == kind and t.packets), None)

    def recording(self, container: str, rotation: float | None) -> Recording:
        """The facts. Raises `MediaRefused` for no packets and for times that cannot be."""
        video, audio = self.first("video"), self.first("audio")
        spans = [_Span(track) for track in (video, audio) if track is not None]
        if not spans:
            raise MediaRefused(
                Refusal.NO_PACKETS, "the recording has no sound and no picture in it"
            )
        start = min(span.start for span in spans)
        duration = float(max(span.end for span in spans) - start)
        if duration > self._rules.max_duration_s:
            raise MediaRefused(
                Refusal.TOO_LONG,
                f"the recording is {duration:.0f} s long; at most {self._rules.max_duration_s:.0f} s",
                duration_s=duration,
            )
        return Recording(
            container=container,
            duration_s=_round(duration),
            size_bytes=sum(span.track.size for span in spans),
            video=None if video is None else _video(_Span(video), start, rotation),
            audio=None if audio is None else _audio(_Span(audio), start),
        )

    def _take(self, lines: bytes) -> None:
        while lines.startswith(b"#"):
            line, _, lines = lines.partition(b"\n")
            self._header(line.decode("ascii", "replace"))
        if lines:
            if self._packets == 0:
                self._check_streams()
            self._packet_lines(lines)

    def _check_streams(self) -> None:
        """Hold codecs and picture size against the rules, before the first packet."""
        for track in self.tracks.values():
            if track.tick <= 0:
                raise MediaRefused(Refusal.TIMESTAMPS, "a stream has no time base")
            track.latest = int(_LAST_TIME_S / track.tick)
            self._rules.check_codec(track.kind, track.codec)
            if track.kind == "video":
                self._rules.check_size(track.width, track.height)

    def _header(self, line: str) -> None:
        name, _, value = line[1:].partition(": ")
        name, _, number = name.partition(" ")
        if not number.isdecimal():  # a remark about the whole listing
            return
        track = self.tracks.setdefault(int(number), Track(int(number)))
        value = value.strip()
        if name == "tb":
            track.tick = Fraction(value)
        elif name == "media_type":
            track.kind = value
        elif name == "codec_id":
            track.codec = value
        elif name == "extradata":
            track.extradata = value
        elif name == "dimensions":
            width, _, height = value.partition("x")
            track.width, track.height = int(width), int(height)
        elif name == "sar":
            over, _, under = value.partition("/")
            if int(over) > 0 and int(under) > 0:
                track.pixel_aspect = Fraction(int(over), int(under))
        elif name == "sample_rate":
            track.sample_rate = int(value)
        elif name == "channel_layout_name":
            track.channels = value

    def _packet_lines(self, lines: bytes) -> None:
        packets = parse(lines)
        self._packets += len(packets)
        if self._packets > self._rules.max_packets:
            raise MediaRefused(
                Refusal.TOO_MANY_PACKETS, f"more than {self._rules.max_packets} packets"
            )
        times = np.where(packets.pts == NO_TIME, packets.dts, packets.pts)
        plays = (times != NO_TIME) & ~packets.discard
        for track in self.tracks.values():
            own = packets.stream == track.index
            track.size += int(packets.size[own].sum())
            numbers = np.cumsum(own) - 1 + track.read
            track.read += int(own.sum())
            own &= plays
            track.take(
                times[own], packets.duration[own], packets.size[own], packets.key[own], numbers[own]
            )


_LAST_TIME_S = 7 * 86_400
"""Live recordings may count from the page's start, so the first time need not be near 0; a week is absurd."""


class _Span:
    """A track's times: sorted ticks, the usual interval between them, start and end in seconds."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.times = track.times()
        self.usual = _usual_interval(self.times)
        self.start = track.seconds(int(self.times[0]))
        self.end = track.seconds(int(self.times[-1]) + (track.last_duration or round(self.usual)))

    def gaps(self, zero: Fraction) -> tuple[TimeRange, ...]:
        """Where the next packet came more than `GAP_S` later than usual, in seconds from `zero`."""
        tick = self.track.tick
        late = np.flatnonzero(np.diff(self.times) > self.usual + GAP_S / float(tick))
        return tuple(
            TimeRange(
                start_s=_round(float((int(self.times[at]) + round(self.usual)) * tick - zero)),
                end_s=_round(float(int(self.times[at + 1]) * tick - zero)),
            )
            for at in late
        )


def _usual_interval(times: Integers) -> float:
    """The median interval in ticks, taken over ten packets at a time: 30 fps in whole milliseconds is 33, 33, 34."""
    if times.size < 2:
        return 0.0
    stride = min(_STRIDE, times.size - 1)
    return float(np.median(times[stride:] - times[:-stride])) / stride


def _video(span: _Span, zero: Fraction, rotation: float | None) -> VideoFacts:
    track, length = span.track, float(span.end - span.start)
    key_times, key_numbers = track.keys()
    return VideoFacts(
        codec=track.codec,
        width=track.width,
        height=track.height,
        rotation=round((rotation or 0.0) / 90) * 90 % 360,
        pixel_aspect=_round(float(track.pixel_aspect)),
        packets=track.packets,
        fps=_round(1 / (span.usual * float(track.tick))) if span.usual > 0 else None,
        mean_fps=_round(track.packets / length) if span.usual > 0 and length > 0 else None,
        start_s=_round(float(span.start - zero)),
        end_s=_round(float(span.end - zero)),
        gaps=span.gaps(zero),
        key_frames_s=tuple(_round(float(track.seconds(int(key)) - zero)) for key in key_times),
        key_numbers=tuple(int(number) for number in key_numbers),
        odd_s=track.odd_times(zero),
    )


def _audio(span: _Span, zero: Fraction) -> AudioFacts:
    track = span.track
    return AudioFacts(
        codec=track.codec,
        sample_rate=track.sample_rate,
        channels=track.channels,
        setup=track.extradata,
        packets=track.packets,
        start_s=_round(float(span.start - zero)),
        end_s=_round(float(span.end - zero)),
        gaps=span.gaps(zero),
    )


def _round(value: float) -> float:
    """Six decimals: finer than any time base here, and the same on every machine."""
    return round(value, 6)
