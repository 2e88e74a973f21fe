"""Greenroom over Ceph, RabbitMQ and PostgreSQL: each function a process, started by the command that starts it."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import httpx

from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.api_key import SCOPES
from greenroom.domain.errors import Unavailable
from greenroom.host.topology import dead_queue
from greenroom.host.wiring import read_wiring
from greenroom_local.ports import HOST, Ports
from tests.platform.stack import Stack

READY_S = 60
HEARS_S = 300
"""A gateway of Ceph that ended owns its queues of announcements for another 90 s; until then nobody sends them."""


def until(true: Callable[[], Any], seconds: float, words: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {words}"
        time.sleep(0.1)


class Deployment:
    """A context manager; its processes are killed by name and started again.

    Secrets and the API key are kept in `folder`: a later deployment there goes on with the same database.
    """

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder
        self.ports = Ports.free()
        self.wiring = read_wiring()
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.url = f"http://{HOST}:{self.ports.http}"
        self.mailbox = f"http://{HOST}:{self.ports.mailbox}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if "GREENROOM_" not in name},
            **stack.environment,
            **_secrets(folder / "secrets.json"),
            "GREENROOM_LINKS__PUBLIC_URL": self.url,
            "GREENROOM_MAIL__HOST": HOST,
            "GREENROOM_MAIL__PORT": str(self.ports.smtp),
            "GREENROOM_WEBHOOKS__ALLOW": json.dumps([HOST]),
            "PYTHONUNBUFFERED": "1",
        }

    def __enter__(self) -> Self:
        self.command("migrate")
        self.make_bucket()
        self.api_key = self._api_key(self.folder / "api_key")
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.terminate()
        for name, process in self.processes.items():
            code = process.wait(60)
            assert code == 0 or name not in self.workers, f"{name} ended with {code}"

    def make_bucket(self) -> None:
        self.command("wire", "--bucket-for", self.url)

    def environment_of(self, _function: str) -> dict[str, str]:
        """What the processes of a function are given; "schedules", "http" and "mailbox" for those."""
        return self.environment

    def command(self, *words: str) -> str:
        """What `greenroom WORDS` says; asserts that it succeeds."""
        done = subprocess.run(
            [sys.executable, "-m", "greenroom_cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *names: str) -> None:
        """Workers of functions or ``schedules``; returns when all are ready."""
        started = {}
        for name in names:
            what = ["--schedules"] if name == "schedules" else ["--function", name]
            started[name] = self._launch(name, ["greenroom_cli", "worker", *what, "--port", "0"])
        for name, process in started.items():
            url = self._url(name, process)
            until(lambda ready=f"{url}/-/ready": status(ready) == 204, READY_S, f"{name} is ready")
            assert status(f"{url}/-/health") == 200

    @property
    def workers(self) -> list[str]:
        return [*(one.name for one in self.wiring.values() if one.has_queue), "schedules"]

    def start_http(self) -> None:
        """The pages and the API, at `url`; returns at once."""
        names = ",".join(wired.name for wired in self.wiring.values() if wired.http)
        port = ["--port", str(self.ports.http)]
        self._launch("http", ["greenroom.host.http", "--functions", names, *port])

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(60)

    def restart_ended(self) -> list[str]:
        """Start what has ended by itself, as a supervisor does; the names."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in ended:
            del self.processes[name]
            if name == "http":
                self.start_http()
            else:
                self.start(name)
        return ended

    def pages_answer(self) -> bool:
        return status(f"{self.url}/-/ready") == 204

    def store(self) -> ObjectStore:
        return ObjectStore(
            bucket="greenroom",
            endpoint=self.environment["GREENROOM_STORE__ENDPOINT"],
            access_key=self.environment["GREENROOM_STORE__ACCESS_KEY"],
            secret_key=self.environment["GREENROOM_STORE__SECRET_KEY"],
        )

    def demo(self) -> subprocess.Popen[str]:
        """One interview from batch to signed webhook; standard output is the report."""
        words = ["--server", self.url, "--api-key", self.api_key, "--mailbox", self.mailbox]
        kept = str(self.folder / "kept")
        return subprocess.Popen(
            [sys.executable, "-m", "greenroom_cli", "demo", "--json", *words, "--keep", kept],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def lines(self, function: str, event: str) -> list[dict[str, Any]]:
        """What a worker has logged as `event`, over all its lives."""
        path = self.folder / f"{function}.log"
        found = [json.loads(line) for line in path.read_text().splitlines() if line[:1] == "{"]
        return [line for line in found if line.get("event") == event]

    @property
    def dead_queues(self) -> Iterable[str]:
        return (dead_queue(wired.name) for wired in self.wiring.values() if wired.triggers)

    def start_mailbox(self, *options: str) -> None:
        mails = ["--smtp-port", str(self.ports.smtp), "--http-port", str(self.ports.mailbox)]
        data = ["--data", str(self.folder / "mails")]
        self._launch("mailbox", ["greenroom_local.mailbox", *data, *mails, *options])

    def _start_all(self) -> None:
        self.store().head("events/knock/")  # a store that nobody here may reach is not waited for
        self.start_mailbox()
        self.start_http()
        self.start(*self.workers)
        until(self.pages_answer, READY_S, "pages are ready")
        until(self._hears, HEARS_S, "a new object is announced and acted on")

    def _api_key(self, kept: Path) -> str:
        if not kept.exists():
            scopes = [word for scope in SCOPES for word in ("--scope", scope)]
            found = re.search(r"gr_[\w-]+", self.command("keys", "create", "HR", *scopes))
            assert found is not None
            kept.write_text(found[0])
        return kept.read_text()

    def _launch(self, name: str, module: list[str]) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=self.environment_of(name),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes[name] = process
        return process

    def _url(self, name: str, process: subprocess.Popen[str]) -> str:
        """The first line that it says: where its probes are."""
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, (self.folder / f"{name}.log").read_text()[-4000:]
        return url

    def _hears(self) -> bool:
        """Whether status_sync removes what knocks. Ceph forgets the first seconds of a new topic, and its gateway
        may end by a segmentation fault while it sends what waited: then it is started again."""
        key = f"events/knock/{secrets.token_hex(8)}.json"
        store = self.store()
        deadline = time.monotonic() + 3
        try:
            store.put(key, b"{}", content_type="application/json")
            while time.monotonic() < deadline:
                if not list(store.listing(key)):
                    return True
                time.sleep(0.1)
        except Unavailable:
            if not self.stack.is_whole():
                self.stack.start()
        return False


def _secrets(kept: Path) -> dict[str, str]:
    """Made once; the settings that hold them."""
    if not kept.exists():
        made = {
            "GREENROOM_TOKENS__KEY": secrets.token_urlsafe(48),
            "GREENROOM_IDENTITY__KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "GREENROOM_ERASURE__KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        kept.write_text(json.dumps(made))
    found: dict[str, str] = json.loads(kept.read_text())
    return found


def status(url: str) -> int:
    """0 where nobody answers."""
    try:
        return httpx.get(url, timeout=10).status_code
    except httpx.TransportError:
        return 0
