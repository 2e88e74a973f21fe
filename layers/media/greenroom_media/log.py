"""ffmpeg's log, read as it comes so that ffmpeg never waits, and kept small however much it says."""

from __future__ import annotations

import re
import threading
from collections import deque
from io import FileIO

_KEPT_LINES = 40
_LONGEST_LINE = 2000
_BLOCK = 65_536
_PATIENCE_S = 5.0
_SHOWN_LINES = 3
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_ROTATION = re.compile(rf"display ?matrix: rotation of {_NUMBER} degrees", re.IGNORECASE)
_BAD_SIZE = re.compile(r"Picture size (\d+)x(\d+) is invalid")
_NO_MEMORY = re.compile(
    r"Cannot allocate|[Cc]ould not allocate|[Ff]ailed to allocate|get_\w*buffer\(\) failed|bad_alloc"
)
_INPUT_STREAM = re.compile(r"^(?:\[\w+\] )?\s*Stream #0:(\d+)\S*: (\w+):")
_SEVERE = re.compile(r"\[(?:error|fatal|panic)\] ?")
_ORIGIN = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\] ?")


class Log:
    """Collects what ffmpeg writes to its standard error, at `-loglevel level+info`.

    `rotation`: degrees that the first picture stream's display matrix names, None without one.
    `refused_size`: the picture size in px that libavutil refused for its limit, None if it refused none.
    `kinds`: `Video`, `Audio`, … of the first input's streams by their number in the container.
    These are printed alike by every release from 3 on, and nothing else of ffmpeg's tells them.
    `out_of_memory`: an allocation failed, and not because of the picture's size. Some decoders drop a picture
    for want of memory without a word; that end reads as an unreadable stream.
    """

    def __init__(self, stream: FileIO) -> None:
        self.rotation: float | None = None
        self.refused_size: tuple[int, int] | None = None
        self.kinds: dict[int, str] = {}
        self.out_of_memory = False
        self._stream = stream
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._severe: deque[str] = deque(maxlen=_KEPT_LINES)
        self._reader = threading.Thread(target=self._read, name="ffmpeg-log", daemon=True)
        self._reader.start()

    def errors(self) -> str:
        """The last few errors in one line, without ffmpeg's addresses."""
        lines = list(self._severe)[-_SHOWN_LINES:] or list(self._last)[-_SHOWN_LINES:]
        return "; ".join(_SEVERE.sub("", _ORIGIN.sub("", line)).strip() for line in lines)

    def says(self, text: str) -> bool:
        """Whether one of the last lines or errors contains `text`."""
        return any(text in line for line in (*self._severe, *self._last))

    def close(self) -> None:
        """Wait for the end of the log; ffmpeg has ended."""
        self._reader.join(_PATIENCE_S)
        self._stream.close()

    def _read(self) -> None:
        rest = b""
        while block := self._stream.read(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._line(line)
            rest = rest[:_LONGEST_LINE]
        self._line(rest)

    def _line(self, raw: bytes) -> None:
        line = raw[:_LONGEST_LINE].decode("utf-8", "replace").rstrip()
        if not line:
            return
        self._last.append(line)
        if _SEVERE.search(line):
            self._severe.append(line)
        if self.rotation is None and (match := _ROTATION.search(line)):
            self.rotation = float(match[1])
        if match := _INPUT_STREAM.match(line):
            self.kinds.setdefault(
                int(match[1]), match[2]
            )  # outputs are listed after it, by like numbers
        if self.refused_size is None and (match := _BAD_SIZE.search(line)):
            self.refused_size = (int(match[1]), int(match[2]))
        if self.refused_size is None and _NO_MEMORY.search(line):
            self.out_of_memory = True
