"""The whole platform: stops cleanly, leaves no orphan when killed, starts again on the same folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from greenroom_local.platform import FolderInUse, PocketPlatform, PortInUse, Ports

STOPS_WITHIN_S = 30
CHILDREN = {
    "store",
    "mailbox",
    "http",
    "invitation",
    "portal",
    "chunk_assembly",
    "quality_check",
    "analysis",
    "status_sync",
    "retention",
    "schedule",
}


def processes_of(folder: Path) -> list[int]:
    """Every process whose command line or environment names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ")
            environment = path.with_name("environ").read_bytes()
        except OSError:
            continue
        if b"greenroom" in words and str(folder).encode() in words + environment:
            found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def wait_until(holds: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def ports() -> Ports:
    """Free ones that `--port` can name."""
    while True:
        found = Ports.beginning_with(Ports.free().http)
        try:
            found.check()
        except PortInUse:
            continue
        return found


def start_run(folder: Path, ports: Ports) -> subprocess.Popen[bytes]:
    """`greenroom run` as a person starts it."""
    place = ["--data", str(folder), "--port", str(ports.http)]
    with said(folder).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "greenroom_cli", "run", *place],
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def said(folder: Path) -> Path:
    return folder.with_suffix(".out")


def ready(run: subprocess.Popen[bytes], folder: Path) -> None:
    """Returns once it has printed where everything is."""
    wait_until(
        lambda: b"A whole interview" in said(folder).read_bytes() or run.poll() is not None, 120
    )
    assert run.poll() is None, said(folder).read_text()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc")
def test_run_is_killed_restarted_and_stopped(tmp_path: Path) -> None:
    folder, chosen = tmp_path / "data", ports()
    run = start_run(folder, chosen)
    ready(run, folder)
    described = json.loads((folder / "platform.json").read_text())
    assert (folder / "platform.json").stat().st_mode & 0o077 == 0
    assert (folder / "secrets.json").stat().st_mode & 0o077 == 0
    with pytest.raises(FolderInUse):
        PocketPlatform(folder, ports="free").start()
    assert {path.stem for path in (folder / "logs").iterdir()} == CHILDREN
    assert len(processes_of(folder)) >= len(CHILDREN) + 1
    secrets = described["api_key"], json.loads((folder / "secrets.json").read_text())["token_key"]
    arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert not any(secret in arguments for secret in secrets)

    run.kill()
    run.wait(10)
    before = processes_of(folder)
    # At once, while the first generation's processes may still be ending.
    run = start_run(folder, chosen)
    ready(run, folder)
    assert not set(before) & set(processes_of(folder))
    assert json.loads((folder / "platform.json").read_text()) == described
    mails = httpx.get(f"{described['mailbox']}/api/mails").json()["mails"]
    assert sorted(mail["recipients"][0] for mail in mails) == [
        "alex.chen@example.com",
        "wang.fang@example.com",
    ], "seeding again must invite nobody twice"

    run.send_signal(signal.SIGINT)
    assert run.wait(STOPS_WITHIN_S) == 0, said(folder).read_text()
    assert processes_of(folder) == []
    assert not (folder / "platform.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc")
def test_a_run_interrupted_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    run = start_run(folder, ports())
    wait_until((folder / "logs" / "store.log").exists)
    run.send_signal(signal.SIGTERM)
    assert run.wait(STOPS_WITHIN_S) == 0, said(folder).read_text()
    assert processes_of(folder) == []


def test_a_port_in_use_is_told_without_starting_anything(tmp_path: Path) -> None:
    folder, taken = tmp_path / "data", ports().http
    with socket.create_server(("127.0.0.1", taken)):
        run = start_run(folder, Ports.beginning_with(taken))
        assert run.wait(60) == 1
    assert f"port {taken}" in said(folder).read_text()
    assert "Traceback" not in said(folder).read_text()
    assert list((folder / "logs").iterdir()) == []


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_and_nothing_waits_for_its_lease(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    with PocketPlatform(tmp_path / "data", ports="free", told=told.append) as platform:
        for name in ("status_sync", "http"):
            before = platform.supervisor.pid(name)
            os.kill(before, signal.SIGKILL)
            wait_until(lambda name=name, before=before: platform.supervisor.pid(name) != before)

        def answers() -> bool:
            try:
                return httpx.get(f"{platform.url}/-/health", timeout=2).is_success
            except httpx.TransportError:
                return False

        wait_until(answers)
    assert [words.split()[0] for words in told] == ["status_sync", "http"]
