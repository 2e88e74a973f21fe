"""The HTTP API in front of a private cloud's functions: requests become events by the routes that were applied."""

from __future__ import annotations

import base64
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.platform.lambda_runtime import InvocationFailed
from tests.platform.private_cloud import PrivateCloud, Throttled

TEXT = ("text/", "application/json", "application/x-www-form-urlencoded")


class Gateway:
    """A context manager: answers at `port` of this machine.

    Events have the payload format 1.0:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """

    def __init__(self, cloud: PrivateCloud, port: int) -> None:
        self.cloud = cloud
        self.routes = cloud.routes()
        self._server = _Server(("127.0.0.1", port), _Asked)
        self._server.gateway = self

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def route(self, path: str) -> str | None:
        """The route key that fits best: the whole path, else the longest prefix with its greedy variable."""
        if f"ANY {path}" in self.routes:
            return f"ANY {path}"
        pieces = path.split("/")
        for count in range(len(pieces) - 1, 1, -1):
            key = f"ANY {'/'.join(pieces[:count])}/{{rest+}}"
            if key in self.routes:
                return key
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    gateway: Gateway


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        gateway = self.server.gateway
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = gateway.route(unquote(urlsplit(self.path).path))
        if key is None:
            self._say(404, {}, b'{"message":"Not Found"}')
            return
        try:
            answer = gateway.cloud.invoke(gateway.routes[key], self._event(key, body))
        except Throttled:
            self._say(429, {}, b'{"message":"Too Many Requests"}')
            return
        except InvocationFailed:
            self._say(500, {}, b'{"message":"Internal Server Error"}')
            return
        text = answer["body"]
        said = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        headers = {name: [value] for name, value in (answer.get("headers") or {}).items()}
        self._say(answer["statusCode"], headers | (answer.get("multiValueHeaders") or {}), said)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def _event(self, key: str, body: bytes) -> dict[str, Any]:
        asked = urlsplit(self.path)
        path, route = unquote(asked.path), key.removeprefix("ANY ")
        headers = {name.lower(): self.headers.get_all(name) or [] for name in self.headers}
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(asked.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        plain = any(kind in headers.get("content-type", ["text/"])[0] for kind in TEXT)
        rest = path.removeprefix(route.removesuffix("{rest+}")) if "{rest+}" in route else None
        return {
            "version": "1.0",
            "resource": route,
            "path": path,
            "httpMethod": self.command,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": {"rest": rest} if rest is not None else None,
            "stageVariables": None,
            "body": (body.decode() if plain else base64.b64encode(body).decode()) or None,
            "isBase64Encoded": not plain,
            "requestContext": {
                "httpMethod": self.command,
                "identity": {"sourceIp": self.client_address[0]},
                "path": path,
                "protocol": "HTTP/1.1",
                "requestId": str(uuid.uuid4()),
                "resourcePath": route,
                "stage": "$default",
            },
        }

    def _say(self, status: int, headers: dict[str, list[str]], body: bytes) -> None:
        self.send_response(status)
        for name, values in headers.items():
            if name.lower() != "content-length":
                for value in values:
                    self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """The functions log."""
