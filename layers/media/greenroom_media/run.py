"""Runs one ffmpeg under limits of wall time, CPU, memory and output size, and names what went wrong.

    with running(command, Limits(wall_s=60)) as process:
        for block in process.blocks(): ...

Leaving the block waits for ffmpeg and raises when it failed; leaving it early (an exception, a reader
that has seen enough) kills ffmpeg. The child sees no environment but the loader's, and sits in a session
of its own, so that Ctrl-C in a terminal cannot make it end a file politely in the middle.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from greenroom.domain.errors import GreenroomError
from greenroom_media.binary import find
from greenroom_media.errors import (
    DiskFull,
    MediaFailed,
    MediaLimit,
    MediaRefused,
    MediaTimeout,
    Refusal,
)
from greenroom_media.log import Log
from greenroom_media.side import SidePipe

KIB = 2**10
MIB = 2**20
_PIPE_BYTES = MIB
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_STOPPED_BY_SIGNAL = 255
"""ffmpeg's exit status after it caught a signal; the one we cause is SIGXCPU, through -timelimit."""
_LOADER_FAILED = (126, 127)
"""A library did not fit into the memory limit, or is missing: nothing is known about the recording."""


@dataclass(frozen=True)
class Limits:
    """What one ffmpeg may use.

    `wall_s`: seconds from start to end. `cpu_s`: seconds of CPU. `memory_bytes`: address space (RLIMIT_AS,
    where the system has prlimit: Linux) and largest single allocation (everywhere). `output_bytes`: the
    largest file it may write (RLIMIT_FSIZE, Linux).
    """

    wall_s: float = 1800.0
    cpu_s: int = 1800
    memory_bytes: int = 2048 * MIB
    output_bytes: int = 16384 * MIB


class Running:
    """An ffmpeg that runs: its output, its log, and the bytes that a thread feeds into it."""

    def __init__(
        self,
        arguments: Sequence[str],
        limits: Limits,
        stdin: Iterable[bytes] | None,
        sides: Sequence[SidePipe],
    ) -> None:
        command = [
            find().path,
            *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"),
            *("-timelimit", str(limits.cpu_s), "-max_alloc", str(limits.memory_bytes)),
            *arguments,
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            pass_fds=[side.descriptor for side in sides],
            start_new_session=True,
            bufsize=0,
        )
        _restrict(self._process.pid, limits)
        self._sides = sides
        for side in sides:
            side.inherited()
        self._limits = limits
        self._late = threading.Event()
        self._feed_error: BaseException | None = None
        self._killer = threading.Timer(limits.wall_s, self._time_is_up)
        self._killer.daemon = True
        self._killer.start()
        stdout, stderr = self._process.stdout, self._process.stderr
        assert isinstance(stdout, io.FileIO) and isinstance(stderr, io.FileIO)  # noqa: S101 (bufsize=0)
        _widen(stdout)
        self.stdout = io.BufferedReader(stdout)
        self.log = Log(stderr)
        self._feeder = self._feed(stdin)

    def blocks(self, size: int = 256 * KIB) -> Iterator[bytes]:
        """The standard output, `size` bytes at a time (the last block is shorter)."""
        while block := self.stdout.read(size):
            yield block

    def kill(self) -> None:
        """End ffmpeg now. Nothing happens when it has ended."""
        self._process.kill()

    def close(self, *, check: bool) -> None:
        """Wait for the end and let go of everything; with `check`, raise when it did not end well."""
        try:
            if check:
                while self.stdout.read(MIB):  # a child that waits for a reader never ends
                    pass
            self._process.wait()
        finally:
            self._killer.cancel()
            self.kill()
            self._process.wait()
            if self._feeder is not None:
                # A source that hangs must not hold up the report of a timeout.
                self._feeder.join(timeout=1 if self._late.is_set() or not check else None)
            self.log.close()
            for side in self._sides:
                side.close()
            self.stdout.close()
        if check:
            self._raise_failure()

    def _feed(self, source: Iterable[bytes] | None) -> threading.Thread | None:
        stdin = self._process.stdin
        if source is None or stdin is None:
            return None
        _widen(stdin)

        def write() -> None:
            try:
                for block in source:
                    rest = memoryview(block)
                    while rest:
                        rest = rest[stdin.write(rest) :]
            except BrokenPipeError:
                pass  # ffmpeg has read enough, or has failed and says so itself
            except BaseException as error:  # noqa: BLE001 (raised again in the reader's thread)
                self._feed_error = error
                self._process.kill()  # else the end of the pipe would look like the end of the recording
            finally:
                with contextlib.suppress(OSError):
                    stdin.close()

        feeder = threading.Thread(target=write, name="ffmpeg-feeder", daemon=True)
        feeder.start()
        return feeder

    def _time_is_up(self) -> None:
        self._late.set()
        self._process.kill()

    def _raise_failure(self) -> None:
        for error in (self._feed_error, *(side.error for side in self._sides)):
            if error is not None:
                raise error
        if self._late.is_set():
            raise MediaTimeout(f"ffmpeg was killed after {self._limits.wall_s:g} s")
        if self._process.returncode != 0:
            raise self._failure(self._process.returncode)

    def _failure(self, status: int) -> GreenroomError:
        """The exit status and the log as one of our errors."""
        said = self.log.errors()
        if status == -signal.SIGXFSZ:
            limit = self._limits.output_bytes
            return MediaLimit(f"ffmpeg wrote more than {limit} bytes", limit="output")
        if status == -signal.SIGXCPU or (
            status == _STOPPED_BY_SIGNAL and self.log.says(f"signal {int(signal.SIGXCPU)}")
        ):
            return MediaLimit(f"ffmpeg used more than {self._limits.cpu_s} s of CPU", limit="cpu")
        if status == 256 - errno.ENOMEM or self.log.out_of_memory:
            limit = self._limits.memory_bytes
            return MediaLimit(f"ffmpeg needed more than {limit} bytes of memory", limit="memory")
        if status == 256 - errno.ENOSPC or self.log.says("No space left on device"):
            return DiskFull(f"no room left for ffmpeg's output: {said}")
        if status in _LOADER_FAILED:
            return MediaFailed(f"ffmpeg did not start: {said}", status=status)
        if status < 0:
            return MediaFailed(f"ffmpeg was ended by signal {-status}: {said}", signal=-status)
        return MediaRefused(Refusal.UNREADABLE, f"ffmpeg cannot read this: {said}", status=status)


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    limits: Limits,
    *,
    stdin: Iterable[bytes] | None = None,
    sides: Sequence[SidePipe] = (),
) -> Iterator[Running]:
    """One ffmpeg with `arguments` (everything after the program's name) under `limits`.

    `stdin` is written into its standard input by a thread of its own; an error raised while iterating it
    kills ffmpeg and is raised here. `sides` are further pipes that it writes to.

    Raises `MediaRefused` (unreadable), `MediaLimit`, `MediaTimeout`, `DiskFull`, `MediaFailed`,
    `FfmpegMissing`.
    """
    try:
        process = Running(arguments, limits, stdin, sides)
    except BaseException:  # raised again: nobody else would close the pipes
        for side in sides:
            side.close()
        raise
    try:
        yield process
    except BaseException:
        process.kill()
        process.close(check=False)
        raise
    process.close(check=True)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    # Two heaps instead of one per thread: address space is what the memory limit counts.
    return kept | {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1", "MALLOC_ARENA_MAX": "2"}


def _restrict(pid: int, limits: Limits) -> None:
    """Memory and file size by prlimit on the child that has just started (preexec_fn is unsafe with threads)."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        return
    with contextlib.suppress(ProcessLookupError):
        for what, most in (
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_FSIZE, limits.output_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            prlimit(pid, what, (most, most))


def _widen(pipe: IO[bytes]) -> None:
    """1 MiB instead of 64 KiB where the system can, so that the two processes wait less for each other."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        # Refused over the user's quota for pipes; the usual size does as well.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, size, _PIPE_BYTES)
