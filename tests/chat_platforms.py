"""A chat platform's robots for tests: signatures are checked as 钉钉 and 飞书 document them, answers as all three give.

The signatures are computed here from the platforms' own words, not by the code under test.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

DINGTALK_SECRET = "SEC0123456789abcdef0123456789abcdef"
FEISHU_SECRET = "a1B2c3D4e5F6g7H8i9J0kL"
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


class ChatPlatform:
    """`said` holds the messages that were taken; `code` decides what a well signed one is answered."""

    def __init__(self, code: Callable[[], int] = lambda: 0) -> None:
        self.code = code
        self.now_s: Callable[[], float] = lambda: 0.0
        self.said: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = 200
        self.answer: bytes | None = None
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                platform.requests.append((self.command, self.path, headers, body))
                answer = platform.answer
                if answer is None:
                    answer = json.dumps(platform._take(self.path, body)).encode()
                self.send_response(platform.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PUT = do_PATCH = _any  # noqa: N815  (the base class calls them so)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def url(self, kind: str) -> str:
        paths = {
            "wecom": f"/cgi-bin/webhook/send?key={KEY}",
            "dingtalk": f"/robot/send?access_token={KEY}",
            "feishu": f"/open-apis/bot/v2/hook/{KEY}",
        }
        return self.origin + paths[kind]

    def _take(self, path: str, body: bytes) -> dict[str, Any]:
        document = json.loads(body)
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/open-apis/bot/v2/hook/"):
            return self._feishu(parts.path.rpartition("/")[2], document)
        if parts.path == "/robot/send":
            return self._dingtalk(query, document)
        return self._wecom(query, document)

    def _wecom(self, query: dict[str, str], document: dict[str, Any]) -> dict[str, Any]:
        if query != {"key": KEY}:
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        assert len(document["markdown"]["content"].encode()) <= 4096
        return self._answer(document, "errcode", "errmsg")

    def _dingtalk(self, query: dict[str, str], document: dict[str, Any]) -> dict[str, Any]:
        text = f"{query.get('timestamp')}\n{DINGTALK_SECRET}"
        mac = hmac.new(DINGTALK_SECRET.encode(), text.encode(), digestmod=hashlib.sha256)
        fresh = abs(self.now_s() - int(query.get("timestamp", 0)) / 1000) < 3600
        signed = base64.b64encode(mac.digest()).decode() == query.get("sign")
        if query.get("access_token") != KEY or not (fresh and signed):
            return {"errcode": 310000, "errmsg": "sign not match"}
        assert document["markdown"]["title"]
        return self._answer(document, "errcode", "errmsg")

    def _feishu(self, key: str, document: dict[str, Any]) -> dict[str, Any]:
        text = f"{document.get('timestamp')}\n{FEISHU_SECRET}"
        mac = hmac.new(text.encode(), digestmod=hashlib.sha256)
        fresh = abs(self.now_s() - int(document.get("timestamp", 0))) < 3600
        signed = base64.b64encode(mac.digest()).decode() == document.get("sign")
        if key != KEY or not (fresh and signed):
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
        return self._answer(document, "code", "msg")

    def _answer(self, document: dict[str, Any], code: str, text: str) -> dict[str, Any]:
        said = self.code()
        if said == 0:
            self.said.append(document)
        return {code: said, text: "ok" if said == 0 else "refused"}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
