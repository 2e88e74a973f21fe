"""ffmpeg under limits: every limit really ends it, and every end has its own error."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from greenroom_media.binary import Binary
from greenroom_media.errors import (
    DiskFull,
    MediaFailed,
    MediaLimit,
    MediaRefused,
    MediaTimeout,
)
from greenroom_media.run import MIB, Limits, running
from greenroom_media.side import SidePipe
from tests.media_fixtures import H264, MediaWorkshop, picture

ENDLESS = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=60", "-f", "null", "-"]
SLOW = ["-re", *ENDLESS]


def run(arguments: list[str], limits: Limits) -> None:
    with running(arguments, limits) as process:
        for _ in process.blocks():
            pass


def test_wall_time_ends_it(each_ffmpeg: Binary) -> None:
    began = time.monotonic()
    with pytest.raises(MediaTimeout) as raised:
        run(SLOW, Limits(wall_s=0.5))
    assert time.monotonic() - began < 5
    assert raised.value.code == "media_timeout"
    assert not raised.value.permanent


def test_wall_time_ends_it_while_its_source_hangs() -> None:
    def hanging() -> Iterator[bytes]:
        yield b"\x1a\x45\xdf\xa3"
        time.sleep(10)

    began = time.monotonic()
    words = ["-f", "matroska", "-i", "pipe:0", "-f", "null", "-"]
    with pytest.raises(MediaTimeout), running(words, Limits(wall_s=0.5), stdin=hanging()):
        pass
    assert time.monotonic() - began < 5


def test_cpu_time_ends_it(each_ffmpeg: Binary) -> None:
    with pytest.raises(MediaLimit) as raised:
        run(ENDLESS, Limits(wall_s=60, cpu_s=1))
    assert raised.value.fields == {"limit": "cpu"}
    assert raised.value.permanent


def test_memory_ends_it(each_ffmpeg: Binary, workshop: MediaWorkshop) -> None:
    """Far too little: near what it needs, the h264 decoder drops pictures without naming the reason."""
    clip = workshop.make(".mkv", picture(1, "7680x4320", 4), H264)
    words = ["-threads", "1", "-i", str(clip), "-f", "rawvideo", "pipe:1"]
    with pytest.raises(MediaLimit) as raised:
        run(words, Limits(memory_bytes=320 * MIB))
    assert raised.value.fields == {"limit": "memory"}
    run(words, Limits())


def test_output_size_ends_it(each_ffmpeg: Binary, tmp_path: Path) -> None:
    out = tmp_path / "out.raw"
    words = ["-f", "lavfi", "-i", "testsrc2", "-f", "rawvideo", str(out)]
    with pytest.raises(MediaLimit) as raised:
        run(words, Limits(output_bytes=MIB))
    assert raised.value.fields == {"limit": "output"}
    assert out.stat().st_size <= MIB


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_has_its_own_error(each_ffmpeg: Binary) -> None:
    words = ["-f", "lavfi", "-i", "testsrc2=duration=2", "-y", "-f", "rawvideo", "file:/dev/full"]
    with pytest.raises(DiskFull) as raised:
        run(words, Limits())
    assert not raised.value.permanent


def test_unreadable_bytes_are_refused(each_ffmpeg: Binary) -> None:
    words = ["-f", "matroska", "-i", "pipe:0", "-f", "null", "-"]
    with (
        pytest.raises(MediaRefused) as raised,
        running(words, Limits(), stdin=[b"no matroska" * 100]),
    ):
        pass
    assert raised.value.code == "media_unreadable"
    assert "0x" not in raised.value.detail


def test_an_error_of_the_source_is_raised_as_it_is(tmp_path: Path) -> None:
    class StoreIsGone(Exception):
        pass

    def broken() -> Iterator[bytes]:
        yield b"\x1a\x45\xdf\xa3"
        raise StoreIsGone

    words = ["-f", "matroska", "-i", "pipe:0", "-f", "null", "-"]
    with pytest.raises(StoreIsGone), running(words, Limits(), stdin=broken()):
        pass


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ffmpeg that writes down its process id and environment, then does what `then` says."""
    path = tmp_path / "ffmpeg"
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in *-version) echo "ffmpeg version 9.9 for tests"; exit;; esac\n'
        f"echo $$ > {tmp_path}/pid; env > {tmp_path}/env; . {tmp_path}/then\n"
    )
    path.chmod(0o755)
    (tmp_path / "then").write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_leaving_early_ends_it(script: Path) -> None:
    (script / "then").write_text("echo ready; exec sleep 60")
    with pytest.raises(KeyError), running([], Limits()) as process:
        assert process.stdout.readline() == b"ready\n"
        raise KeyError
    assert ended(int((script / "pid").read_text()))


def test_it_sees_none_of_our_secrets(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-tell")
    with running([], Limits()):
        pass
    assert "do-not-tell" not in (script / "env").read_text()


def test_a_signal_from_outside_is_no_verdict_on_the_recording(script: Path) -> None:
    (script / "then").write_text("kill -SEGV $$")
    with pytest.raises(MediaFailed) as raised:
        run([], Limits())
    assert not raised.value.permanent


def test_a_missing_library_is_no_verdict_on_the_recording(script: Path) -> None:
    (script / "then").write_text("exit 127")
    with pytest.raises(MediaFailed):
        run([], Limits())


def test_an_endless_log_stays_small(script: Path) -> None:
    (script / "then").write_text(
        "i=0; while [ $i -lt 20000 ]; do echo '[error] the same again' >&2; i=$((i+1)); done; exit 1"
    )
    with pytest.raises(MediaRefused) as raised:
        run([], Limits())
    assert len(raised.value.detail) < 500


def test_side_pipes_bring_lines(each_ffmpeg: Binary) -> None:
    lines: list[bytes] = []
    side = SidePipe(lines.extend)
    printing = f"metadata=mode=print:file={side.url.replace(':', chr(92) + ':')}"
    graph = f"color=black:size=64x64:rate=10:duration=3,blackdetect=d=1,{printing}"
    words = ["-f", "lavfi", "-i", graph.replace("\\", "\\\\"), "-f", "null", "-"]
    with running(words, Limits(), sides=[side]):
        pass
    assert b"lavfi.black_start=0\n" in lines


def test_an_error_in_a_side_pipe_is_raised(script: Path) -> None:
    class Confused(Exception):
        pass

    def read(stream: IO[bytes]) -> None:
        stream.read(3)
        raise Confused

    side = SidePipe(read)
    (script / "then").write_text(f"echo one >&{side.descriptor}")
    with pytest.raises(Confused), running([], Limits(), sides=[side]):
        pass


def test_side_pipes_are_closed_when_ffmpeg_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ffmpeg"
    path.write_text('#!/bin/sh\necho "ffmpeg version 9.9"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    side = SidePipe(lambda stream: None)
    with pytest.raises(ValueError, match="null"), running(["\0"], Limits(), sides=[side]):
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(side.descriptor)
