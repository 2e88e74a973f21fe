"""A language model's endpoint on loopback, OpenAI-compatible, that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Endpoint(ThreadingHTTPServer):
    """Answers as `answer` says; remembers what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, "body": body, **self.headers})
        status, answer = self.server.answer(body)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://example.com/")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        pass


def completion(content: str) -> bytes:
    return json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": content}}]}
    ).encode()


@contextmanager
def model_endpoint(answer: Answer) -> Iterator[tuple[Endpoint, dict[str, str]]]:
    """The endpoint, and the environment of functions that use it."""
    server = Endpoint(answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    prefix = "GREENROOM_LANGUAGE_MODEL__"
    yield (
        server,
        {
            f"{prefix}URL": f"http://127.0.0.1:{server.server_address[1]}/v1",
            f"{prefix}MODEL": "house-model",
            f"{prefix}API_KEY": "secret",
            f"{prefix}TIMEOUT_S": "30",
        },
    )
    server.shutdown()
    server.server_close()
