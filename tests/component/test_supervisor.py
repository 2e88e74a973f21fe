"""The supervisor over small children of every kind, and what a data folder and ports admit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenroom_local.folder import FolderInUse, FolderLock
from greenroom_local.ports import HOST, PortInUse, Ports
from greenroom_local.supervisor import Child, DidNotStart, Supervisor

MODULES = {
    "patient": "import time\nprint('up', flush=True)\ntime.sleep(600)",
    "stubborn": """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(600)""",
    "parent": """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print(grandchild.pid, flush=True)
time.sleep(600)""",
    "brief": "print('I was here', flush=True)\nraise SystemExit(3)",
    "web": """
import http.server, sys
server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
server.serve_forever()""",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the small modules can be run."""
    folder = tmp_path / "modules"
    folder.mkdir()
    for name, code in MODULES.items():
        (folder / f"small_{name}.py").write_text(code)
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.fixture
def deaths() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, deaths: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "logs", told=deaths.append)
    yield supervisor
    supervisor.stop()


def until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie waits for whoever adopted it; it runs no more.
    return subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()[:1] not in ("Z", "")


def test_a_group_is_ready_when_it_answers_and_gone_after_stop(
    supervisor: Supervisor, environment: dict[str, str]
) -> None:
    ports = Ports.free()
    webs = [
        Child(name, "small_web", [str(port)], environment, f"http://{HOST}:{port}/")
        for name, port in (("one", ports.http), ("two", ports.store))
    ]
    supervisor.start(*webs)
    pids = [supervisor.pid("one"), supervisor.pid("two")]
    for port in (ports.http, ports.store):
        socket.create_connection((HOST, port), timeout=5).close()
    supervisor.stop()
    assert not any(alive(pid) for pid in pids)


def test_a_dead_child_starts_again(
    supervisor: Supervisor, environment: dict[str, str], deaths: list[str]
) -> None:
    died: list[int] = []
    child = Child("c", "small_patient", [], environment, died=lambda: died.append(1))
    supervisor.start(child)
    until(lambda: "up" in supervisor.log_end("c"))
    first = supervisor.pid("c")
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.pid("c") != first)
    assert died == [1]
    assert deaths == ["c ended with -9; it starts again in 0.2 s"]
    assert deaths[0] in supervisor.log_end("c")
    assert alive(supervisor.pid("c"))


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(
    supervisor: Supervisor, environment: dict[str, str], deaths: list[str]
) -> None:
    supervisor.start(Child("c", "small_brief", [], environment))
    until(lambda: len(deaths) >= 3)
    assert [words.rpartition(" in ")[2] for words in deaths[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert "ended with 3" in deaths[0]


def test_a_fault_while_starting_again_does_not_end_the_watch(
    supervisor: Supervisor,
    environment: dict[str, str],
    deaths: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("greenroom_local.supervisor.LONGEST_PAUSE_S", 0.1)
    faults = [OSError("the disk is full")]

    def died() -> None:
        if faults:
            raise faults.pop()

    supervisor.start(Child("c", "small_patient", [], environment, died=died))
    first = supervisor.pid("c")
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.pid("c") != first)
    assert deaths[-1] == "c cannot start: the disk is full"


def test_one_that_never_gets_ready_is_told_at_once_with_its_log(
    supervisor: Supervisor, environment: dict[str, str]
) -> None:
    port = Ports.free().http
    started = time.monotonic()
    with pytest.raises(DidNotStart, match=r"c ended with 3:\n(.|\n)*I was here"):
        supervisor.start(Child("c", "small_brief", [], environment, f"http://{HOST}:{port}/"))
    assert time.monotonic() - started < 30  # not the whole time that a start may take


def test_one_that_does_not_listen_is_killed(
    supervisor: Supervisor, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom_local.supervisor.STOP_S", 0.3)
    supervisor.start(Child("c", "small_stubborn", [], environment))
    until(lambda: "up" in supervisor.log_end("c"))
    pid = supervisor.pid("c")
    supervisor.stop()
    assert not alive(pid)


def test_what_a_dead_child_started_goes_with_it(
    supervisor: Supervisor, environment: dict[str, str]
) -> None:
    supervisor.start(Child("c", "small_parent", [], environment))
    until(lambda: supervisor.log_end("c").strip().isdigit())
    grandchild = int(supervisor.log_end("c"))
    assert alive(grandchild)
    os.kill(supervisor.pid("c"), signal.SIGKILL)
    until(lambda: not alive(grandchild))


def test_stop_while_a_child_waits_to_start_again_starts_nothing(
    supervisor: Supervisor, environment: dict[str, str], deaths: list[str]
) -> None:
    supervisor.start(Child("c", "small_brief", [], environment))
    until(lambda: len(deaths) >= 2)
    supervisor.stop()
    told, pid = len(deaths), supervisor.pid("c")
    assert not alive(pid)
    assert (len(deaths), supervisor.pid("c")) == (told, pid)


def test_a_killed_supervisor_takes_its_children_along(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """The stubborn one ignores SIGTERM: it goes after the grace."""
    code = f"""
import os, pathlib, time
from greenroom_local import child
from greenroom_local.supervisor import Child, Supervisor
supervisor = Supervisor(pathlib.Path({str(tmp_path / "logs")!r}))
names = ("patient", "stubborn", "parent")
for name in names:
    supervisor.start(Child(name, "small_" + name, [], dict(os.environ)))
while not all(supervisor.log_end(name) for name in names):
    time.sleep(0.02)
print(*(supervisor.pid(name) for name in names), supervisor.log_end("parent"), flush=True)
time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    assert len(pids) == 4
    assert all(alive(pid) for pid in pids)
    process.kill()
    process.wait(10)
    process.stdout.close()
    until(lambda: not any(alive(pid) for pid in pids), 20)


def test_a_folder_has_one_platform(tmp_path: Path) -> None:
    first = FolderLock(tmp_path / "data", wait_s=0)
    with pytest.raises(FolderInUse, match="another platform"):
        FolderLock(tmp_path / "data", wait_s=0)
    first.release()
    FolderLock(tmp_path / "data", wait_s=0).release()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_folder_is_free_when_the_last_process_of_an_earlier_run_is_gone(tmp_path: Path) -> None:
    first = FolderLock(tmp_path, wait_s=0)
    left_behind = subprocess.Popen(["sleep", "600"], pass_fds=[first.descriptor])
    first.release()  # as when the platform was killed
    with pytest.raises(FolderInUse, match="earlier run"):
        FolderLock(tmp_path, wait_s=0.2)
    left_behind.kill()
    left_behind.wait(10)
    FolderLock(tmp_path, wait_s=10).release()


def test_a_port_that_another_program_has_is_named() -> None:
    ports = Ports.free()
    ports.check()
    with (
        socket.create_server((HOST, ports.mailbox)),
        pytest.raises(PortInUse, match=str(ports.mailbox)),
    ):
        ports.check()
    ports.check()
