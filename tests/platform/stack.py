"""Ceph, RabbitMQ and PostgreSQL as `infra/onprem/stack` starts them, for tests of this session."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path("infra/onprem/stack").resolve()
PROGRAMS = (
    "nginx",
    "stunnel4",
    "ceph-mon",
    "ceph-osd",
    "radosgw",
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "epmd",
)
FIRST_PORT = os.environ.get("STACK_PORTS", "29000")
"""Away from the script's own ports, and below those that Linux gives to who connects: one of ours would be taken."""


@dataclass(frozen=True)
class Stack:
    """A running stack; `environment` names it as settings do, `over_tls` by its other ports."""

    folder: Path
    environment: Mapping[str, str]
    over_tls: Mapping[str, str]
    first_port: str = FIRST_PORT

    @property
    def broker(self) -> str:
        return self.environment["GREENROOM_BROKER__URL"]

    def start(self) -> None:
        """Again: what has ended is started over what it left on disk."""
        _run(self.first_port, "start", self.folder)

    def users(self, *options: str) -> Path:
        """A user of the store for each function: the folder that holds their keys."""
        _run(self.first_port, "users", self.folder, *options)
        return self.folder / "users"

    def raw_objects(self, folder: Path) -> Path:
        """What lies on the store's disks for its buckets' objects, a file each in the folder that it returns."""
        ceph = ["rados", "-c", str(self.folder / "ceph.conf"), "-p", "default.rgw.buckets.data"]
        folder.mkdir()
        listed = subprocess.run(
            [*ceph, "ls"], capture_output=True, text=True, timeout=60, check=True
        )
        for number, name in enumerate(listed.stdout.splitlines()):
            command = [*ceph, "get", name, str(folder / f"{number}")]
            subprocess.run(command, timeout=60, check=True)
        return folder

    def is_whole(self) -> bool:
        """Whether all of it runs."""
        command = [str(SCRIPT), "status", str(self.folder)]
        return subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60).returncode == 0

    def kill(self, name: str) -> None:
        """kill -9 for one of its processes with all that it started."""
        pid = int((self.folder / "run" / name).read_text().split()[0])
        os.killpg(pid, signal.SIGKILL)


def why_not() -> str | None:
    """Why no stack can be started here; None when one can."""
    if not os.environ.get("GREENROOM_TEST_DEPLOY"):
        return "starts Ceph, RabbitMQ and PostgreSQL: make test-platform"
    if os.geteuid() != 0:
        return "Ceph and RabbitMQ are started by root only"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"no {missing[0]} here: infra/onprem/stack install" if missing else None


@contextmanager
def running_stack(folder: Path, first_port: str = FIRST_PORT) -> Iterator[Stack]:
    """Skips, saying why, where none can be started."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    try:
        _run(first_port, "start", folder)
        yield Stack(
            folder, _settings(first_port, folder), _settings(first_port, folder, "tls"), first_port
        )
    finally:
        _run(first_port, "stop", folder)


def _settings(first_port: str, folder: Path, *how: str) -> dict[str, str]:
    lines = _run(first_port, "env", folder, *how).splitlines()
    return dict(line.split("=", 1) for line in lines)


def _run(first_port: str, command: str, folder: Path, *how: str) -> str:
    # To files, not pipes: what it starts must not keep a pipe of ours open.
    written = folder / f"{command}.txt"
    folder.mkdir(parents=True, exist_ok=True)
    with written.open("w") as out:
        done = subprocess.run(
            [str(SCRIPT), command, str(folder), *how],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "STACK_PORTS": first_port},
            timeout=300,
        )
    assert done.returncode == 0, written.read_text()
    return written.read_text()
