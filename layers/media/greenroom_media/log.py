"""ffmpeg's log, read as it comes so that ffmpeg never waits, and kept small however much it says."""

from __future__ import annotations

import re
import threading
from collections import deque
from typing import IO

_KEPT_LINES = 40
_LONGEST_LINE = 2000
_SHOWN_LINES = 3
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_ROTATION = re.compile(rf"display ?matrix: rotation of {_NUMBER} degrees", re.IGNORECASE)
_BAD_SIZE = re.compile(r"Picture size (\d+)x(\d+) is invalid")
_SEVERE = re.compile(r"\[(?:error|fatal|panic)\] ?")
_ORIGIN = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\] ?")


class Log:
    """Collects what ffmpeg writes to its standard error, at `-loglevel level+info`.

    `rotation`: degrees that the first picture stream's display matrix names, None without one.
    `refused_size`: the picture size in px that libavutil refused for its limit, None if it refused none.
    Both are printed alike by every release from 3 on, and nothing else of ffmpeg's tells them.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.rotation: float | None = None
        self.refused_size: tuple[int, int] | None = None
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
        self._reader.join()
        self._stream.close()

    def _read(self) -> None:
        while raw := self._stream.readline(_LONGEST_LINE):
            line = raw.decode("utf-8", "replace").rstrip()
            self._last.append(line)
            if _SEVERE.search(line):
                self._severe.append(line)
            if self.rotation is None and (match := _ROTATION.search(line)):
                self.rotation = float(match[1])
            if self.refused_size is None and (match := _BAD_SIZE.search(line)):
                self.refused_size = (int(match[1]), int(match[2]))
