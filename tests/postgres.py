"""A PostgreSQL of a test's own, from the machine's packages, that can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "nobody"


class PostgresServer:
    """On a free port of loopback; a context manager. `USER` runs it: it refuses root.

    In a folder of its own, because pytest closes its folders to other users whenever another run begins.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        shutil.chown(self._folder.name, USER)
        self._data = Path(self._folder.name, "pg")
        self._log = Path(self._folder.name, "log")
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """Its main process; there is one for each connection below it."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def __enter__(self) -> Self:
        how = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(self._data), *how)
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.crash()
        self._folder.cleanup()

    def start(self) -> None:
        options = f"-p {self.port} -k '' -c listen_addresses=127.0.0.1"
        self._run(
            "pg_ctl", "-D", str(self._data), "-w", "-l", str(self._log), "-o", options, "start"
        )

    def crash(self) -> None:
        """As when its process is killed: every connection breaks, what was not committed is gone."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups"]
        subprocess.run(
            [*as_user, str(PROGRAMS / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            timeout=120,
        )


def _free_port() -> int:
    """Below those that Linux gives to clients: one that asks for a server that is down could be given its port."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port between 20000 and 32000")


def skip_without_postgres() -> None:
    if os.geteuid() != 0 or not (PROGRAMS / "pg_ctl").exists():
        pytest.skip("needs root and Debian's postgresql-15, to run a PostgreSQL of its own")
