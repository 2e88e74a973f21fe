"""Another output of ffmpeg beside stdout: a pipe that it inherits, read by a thread."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import IO


class SidePipe:
    """Gives what ffmpeg writes to `url` to `consume`, which reads the stream to its end.

    It runs in a thread of its own, so that ffmpeg never waits. An error that it raises ends the pipe, and
    with it ffmpeg, and is kept in `error`.
    """

    def __init__(self, consume: Callable[[IO[bytes]], None]) -> None:
        self.error: BaseException | None = None
        self._consume = consume
        self._reading, self.descriptor = os.pipe()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The name under which ffmpeg writes to it."""
        return f"pipe:{self.descriptor}"

    def inherited(self) -> None:
        """ffmpeg has started and holds the writing end: let go of ours and read."""
        os.close(self.descriptor)
        self._thread = threading.Thread(target=self._read, name="ffmpeg-side", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the end (ffmpeg has ended), or let go of both ends when it never started."""
        if self._thread is not None:
            self._thread.join()
            return
        for end in (self._reading, self.descriptor):
            with contextlib.suppress(OSError):
                os.close(end)

    def _read(self) -> None:
        try:
            with os.fdopen(self._reading, "rb") as stream:
                self._consume(stream)
        except Exception as error:  # noqa: BLE001 (raised again by whoever runs ffmpeg)
            self.error = error
