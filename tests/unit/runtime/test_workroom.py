"""Workrooms: gone when done, swept after a crash, never taken from somebody who lives."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.domain.errors import Unavailable
from greenroom.runtime.workroom import workroom

_HOLDS = """
import sys, time
from pathlib import Path
from greenroom.runtime.workroom import workroom
with workroom(Path(sys.argv[1]), needed_bytes=0) as folder:
    (folder / "recording.webm.part").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_room_is_empty_and_gone_afterwards(tmp_path: Path) -> None:
    with workroom(tmp_path, needed_bytes=0) as folder:
        assert list(folder.iterdir()) == []
        (folder / "file").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_room_goes_even_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), workroom(tmp_path, needed_bytes=0):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_killed_owners_room_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    left = Path(owner.stdout.readline().strip())
    with workroom(tmp_path, needed_bytes=0) as mine:
        assert {left, mine} == set(tmp_path.iterdir()), "its owner lives"
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    with workroom(tmp_path, needed_bytes=0) as mine:
        assert list(tmp_path.iterdir()) == [mine]


def test_too_little_room_is_said_before_the_work_begins(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught, workroom(tmp_path, needed_bytes=2**62):
        pass
    assert caught.value.code == "disk_full"
    assert not caught.value.permanent
