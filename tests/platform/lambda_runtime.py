"""One execution environment as a Lambda API has them: a process of `awslambdaric` and the Runtime API that it asks for
work."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

CLIENT = ("awslambdaric", "snapshot-restore-py", "simplejson")
"""The runtime client and what it needs; a platform's own images hold the same."""
VERSION = "/2018-06-01/runtime"
STARTS_S = 10.0
"""What a platform gives a function to be imported, before its own time begins."""


class InvocationFailed(Exception):
    """The function raised, ended or took longer than its time."""


class _Given:
    """One invocation in hand."""

    def __init__(self, event: dict[str, Any], deadline: float) -> None:
        self.id = str(uuid.uuid4())
        self.event = json.dumps(event).encode()
        self.deadline_ms = str(round(deadline * 1000))
        self.answer: Future[Any] = Future()


class ExecutionEnvironment:
    """A context for one invocation after the other. `code` is the folder that holds the function, `environment` all
    that its process is given; what it writes goes to `log`.

    The process never sees a package of this project's own environment: what it imports lies in `code`, in the layers
    (`PYTHONPATH`), or is the runtime client.
    """

    def __init__(
        self, arn: str, handler: str, code: Path, environment: dict[str, str], log: Path
    ) -> None:
        self.arn = arn
        self._waiting: SimpleQueue[_Given] = SimpleQueue()
        self._in_hand: dict[str, _Given] = {}
        self._ended = threading.Event()
        self._why = "the process ended"
        self._server = _RuntimeApi(self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        with log.open("ab") as lines:
            self._process = subprocess.Popen(
                [sys._base_executable, "-S", "-m", "awslambdaric", handler],  # type: ignore[attr-defined]
                cwd=code,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": self._server.address},
                stdout=lines,
                stderr=lines,
            )
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    def invoke(self, event: dict[str, Any], timeout_s: float) -> Any:
        """What the function returns. Raises `InvocationFailed`; after one that was late the process is gone."""
        given = _Given(event, time.time() + timeout_s)
        self._in_hand[given.id] = given
        self._waiting.put(given)
        if self._ended.is_set():
            self._fail_all()
        try:
            return given.answer.result(timeout_s + STARTS_S)
        except Late:
            self.kill()
            raise InvocationFailed(f"{self.arn}: timed out after {timeout_s:.0f} s") from None
        finally:
            del self._in_hand[given.id]

    def kill(self) -> None:
        """kill -9, whatever it is doing."""
        self._process.kill()
        self._ended.wait(STARTS_S)

    # --- what the Runtime API is asked -----------------------------------------------------

    def next(self) -> _Given | None:
        """The next invocation, awaited; None when the process is gone."""
        while not self._ended.is_set():
            try:
                return self._waiting.get(timeout=1)
            except Empty:
                continue
        return None

    def answered(self, request_id: str, answer: bytes) -> None:
        self._in_hand[request_id].answer.set_result(json.loads(answer))

    def failed(self, request_id: str, error: bytes) -> None:
        self._in_hand[request_id].answer.set_exception(InvocationFailed(error.decode()))

    def could_not_start(self, error: bytes) -> None:
        self._why = error.decode()

    def _watch(self) -> None:
        status = self._process.wait()
        self._ended.set()
        self._why += f" ({status})"
        self._fail_all()
        self._server.shutdown()
        self._server.server_close()

    def _fail_all(self) -> None:
        for given in list(self._in_hand.values()):
            if not given.answer.done():
                given.answer.set_exception(InvocationFailed(f"{self.arn}: {self._why}"))


class _RuntimeApi(ThreadingHTTPServer):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, as one environment sees it."""

    daemon_threads = True

    def __init__(self, of: ExecutionEnvironment) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.of = of
        self.address = f"127.0.0.1:{self.server_address[1]}"


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    server: _RuntimeApi

    def do_GET(self) -> None:
        given = self.server.of.next() if self.path == f"{VERSION}/invocation/next" else None
        if given is None:
            self._say(404, b"")
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": given.id,
            "Lambda-Runtime-Deadline-Ms": given.deadline_ms,
            "Lambda-Runtime-Invoked-Function-Arn": self.server.of.arn,
            "Content-Type": "application/json",
        }
        self._say(200, given.event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(VERSION).split("/")[1:]:
            case ["invocation", request_id, "response"]:
                self.server.of.answered(request_id, body)
            case ["invocation", request_id, "error"]:
                self.server.of.failed(request_id, body)
            case ["init", "error"]:
                self.server.of.could_not_start(body)
            case _:
                self._say(404, b"")
                return
        self._say(202, b"{}")

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def runtime_client(folder: Path) -> Path:
    """`folder` with the runtime client and nothing else of this project's environment."""
    for name in CLIENT:
        for file in metadata.files(name) or []:
            if ".." not in file.parts and file.suffix != ".pyc":
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(str(file.locate())).read_bytes())
    return folder
