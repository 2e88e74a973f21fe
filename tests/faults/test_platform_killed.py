"""The whole platform: stops cleanly, leaves no orphan when killed, starts again on the same folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from greenroom_local.platform import FolderInUse, PocketPlatform, Ports


def processes_of(folder: Path) -> list[int]:
    """Every process whose command line names the folder, or that was started by one that does."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            environment = path.with_name("environ").read_bytes()
        except OSError:
            continue
        if b"greenroom" in b" ".join(words) and str(folder).encode() in b" ".join(
            [*words, environment]
        ):
            found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def wait_until(holds: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def start_run(folder: Path, ports: Ports) -> subprocess.Popen[str]:
    """`greenroom run` as a person starts it; returns once it has printed where everything is."""
    log = (folder.parent / f"{folder.name}.out").open("w")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "greenroom_cli",
            "run",
            "--data",
            str(folder),
            "--port",
            str(ports.http),
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
    )
    out = Path(log.name)
    wait_until(lambda: "Ctrl-C stops it" in out.read_text() or process.poll() is not None, 120)
    assert process.poll() is None, out.read_text()
    return process


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc")
def test_run_is_killed_restarted_and_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    base = Ports.free().http
    ports = Ports(base, base + 1, base + 2, base + 25)
    run = start_run(folder, ports)
    described = json.loads((folder / "platform.json").read_text())
    assert (folder / "platform.json").stat().st_mode & 0o077 == 0
    assert (folder / "secrets.json").stat().st_mode & 0o077 == 0
    with pytest.raises(FolderInUse):
        PocketPlatform(folder, ports="free").start()
    assert len(processes_of(folder)) >= 9

    run.kill()
    run.wait(10)
    wait_until(lambda: not processes_of(folder), 30)

    run = start_run(folder, ports)
    assert json.loads((folder / "platform.json").read_text()) == described
    mails = httpx.get(f"{described['mailbox']}/api/mails").json()["mails"]
    assert sorted(mail["recipients"][0] for mail in mails) == [
        "alex.chen@example.com",
        "wang.fang@example.com",
    ], "seeding again must invite nobody twice"

    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 0
    assert processes_of(folder) == []


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_and_nothing_waits_for_its_lease(
    tmp_path: Path,
) -> None:
    with PocketPlatform(tmp_path / "data", ports="free") as platform:
        before = platform.supervisor.pid("status_sync")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: platform.supervisor.pid("status_sync") != before)
        before = platform.supervisor.pid("http")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: platform.supervisor.pid("http") != before)

        def answers() -> bool:
            try:
                return httpx.get(f"{platform.url}/-/health", timeout=2).is_success
            except httpx.TransportError:
                return False

        wait_until(answers)
