"""Runs an engine's process: feeds it stretches, reads its words, and says in a sentence why it could not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from greenroom.domain.analysis import NotMeasured
from greenroom.domain.errors import Invalid
from greenroom.domain.model import Document
from greenroom_language.protocol import LINE_BYTES, Heard, Ready, Stretch

_ENVIRONMENT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
)
_ALONE = {
    # Engines that would look for a missing file on the internet find the door shut.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MODELSCOPE_OFFLINE": "1",
    # One core, so that sums have one order.
    "OMP_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}
_TOLD = 300
_Line = TypeVar("_Line", bound=Document)


class EngineProcess:
    """An engine that is ready. Its process sees the loader's environment and nothing of ours."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes], alarm: _Alarm) -> None:
        self._process = process
        self._in, self._out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        self._errors = errors
        self._alarm = alarm
        # Before its first line it does nothing but load the model: sherpa-onnx ends at one that it does not know.
        self._dies = "model_refused"
        self.ready = self._read(Ready)
        self._dies = "engine_failed"
        if self.ready.error is not None:
            told = self.ready.error[:_TOLD]
            raise NotMeasured(f"the engine cannot use this model: {told}", code="model_refused")

    def hear(self, sound: NDArray[np.float32]) -> Heard:
        """The words of one stretch (mono, 16 kHz). Raises `NotMeasured` where the process ended, hung or babbled."""
        try:
            self._in.write(Stretch(samples=sound.size).canonical() + sound.astype("<f4").tobytes())
            self._in.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self._read(Heard)

    def _read(self, line: type[_Line]) -> _Line:
        said = self._out.readline(LINE_BYTES)
        if not said:
            raise self._ended()
        try:
            return line.parse(said)
        except Invalid as error:
            raise NotMeasured(
                f"the speech-to-text process said something else: {error}", code="engine_failed"
            ) from error

    def _ended(self) -> NotMeasured:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._alarm.rang:
            return NotMeasured(
                f"speech to text took longer than {self._alarm.after_s:.0f} s",
                code="engine_too_slow",
            )
        self._errors.seek(0)
        lines = self._errors.read()[-4000:].decode(errors="replace").strip().splitlines()
        why = lines[-1].strip()[:_TOLD] if lines else "it said nothing"
        return NotMeasured(
            f"the speech-to-text process ended ({self._process.returncode}): {why}", code=self._dies
        )


@contextlib.contextmanager
def running(command: Sequence[str], *, wall_s: float) -> Iterator[EngineProcess]:
    """Start `command`; it is killed, with whatever it started, after `wall_s` seconds and when the block is left.

    Raises `NotMeasured` with the reason where it does not start, dies, hangs, or cannot use its model.
    """
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _ALONE
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise NotMeasured(
                f"{command[0]} does not start: {error.strerror}", code="engine_failed"
            ) from error
        with _Alarm(process, wall_s) as alarm:
            yield EngineProcess(process, errors, alarm)


class _Alarm:
    """Kills a process and its children in time, at the latest when the block is left."""

    def __init__(self, process: subprocess.Popen[bytes], after_s: float) -> None:
        self.after_s = after_s
        self.rang = False
        self._process = process
        self._timer = threading.Timer(after_s, self._ring)
        self._timer.daemon = True

    def __enter__(self) -> _Alarm:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()

    def _ring(self) -> None:
        self.rang = True
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
