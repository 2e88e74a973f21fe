"""Small objects written by plain signed requests; whatever is unusual is left to the client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from greenroom.adapters.object_store import ObjectStore
from greenroom.adapters.store_encryption import Encryption
from greenroom.domain.errors import Forbidden
from tests.authority import Authority

KEY = "events/itv_1/名 字+1.json"
BODY = b'{"a": 1}'


@dataclass
class Scripted:
    """A store that answers as told, then 200; what it was sent."""

    answers: list[int] = field(default_factory=list)
    asked: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    url: str = ""
    server: ThreadingHTTPServer | None = None


HANG_UP = 0


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            script.asked.append((self.path, body, dict(self.headers.items())))
            script.connections.add(self.client_address[1])
            status = script.answers.pop(0) if script.answers else 200
            if status == HANG_UP:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_port}"
        script.server = server
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield script
        server.shutdown()


def store_at(script: Scripted, encryption: Encryption | None = None) -> ObjectStore:
    return ObjectStore(
        bucket="b",
        endpoint=script.url,
        access_key="someone",
        secret_key="a secret of theirs",
        encryption=encryption,
    )


def test_one_connection_is_kept_and_each_is_sent_once(scripted: Scripted) -> None:
    store = store_at(scripted)
    for _ in range(3):
        store.put(KEY, BODY)
    assert len(scripted.connections) == 1
    assert [(path, body) for path, body, _ in scripted.asked] == [
        ("/b/events/itv_1/%E5%90%8D%20%E5%AD%97%2B1.json", BODY)
    ] * 3
    headers = scripted.asked[0][2]
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=someone/")


@pytest.mark.parametrize("first", [[HANG_UP], [500], [503], [307], [HANG_UP, 500]])
def test_what_is_unusual_is_left_to_the_client(scripted: Scripted, first: list[int]) -> None:
    scripted.answers = [200, *first]
    store = store_at(scripted)
    store.put("events/before.json", BODY)
    store.put(KEY, BODY)
    assert scripted.answers == []
    assert [body for _, body, _ in scripted.asked] == [BODY] * (2 + len(first))


def test_a_refusal_has_its_name(scripted: Scripted) -> None:
    scripted.answers = [403, 403]
    with pytest.raises(Forbidden):
        store_at(scripted).put(KEY, BODY)


def test_a_company_that_signs_its_own_certificates(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would take over, at three times the cost, if only it trusted `AWS_CA_BUNDLE`."""
    assert scripted.server is not None
    authority = Authority(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.file))
    context = authority.context(timedelta(days=1))
    scripted.server.socket = context.wrap_socket(scripted.server.socket, server_side=True)
    scripted.url = scripted.url.replace("http:", "https:")
    store_at(scripted).put(KEY, BODY)
    agents = {headers.get("User-Agent") for _, _, headers in scripted.asked}
    assert agents == {None}, "what the client sends has its name"


@pytest.mark.parametrize(
    ("encryption", "asked"),
    [
        (None, {}),
        (Encryption("AES256"), {"x-amz-server-side-encryption": "AES256"}),
        (
            Encryption("aws:kms", "key-1"),
            {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
            },
        ),
    ],
)
@pytest.mark.parametrize("answers", [[200], [500]], ids=["directly", "by the client"])
def test_encryption_is_asked_for_with_every_write(
    scripted: Scripted, encryption: Encryption | None, asked: dict[str, str], answers: list[int]
) -> None:
    scripted.answers = list(answers)
    store = store_at(scripted, encryption)
    store.put(KEY, BODY)
    for _, _, headers in scripted.asked:
        lower = {name.lower(): value for name, value in headers.items()}
        sent = {n: v for n, v in lower.items() if n.startswith("x-amz-server-side")}
        assert sent == asked
        assert all(name in lower["authorization"] for name in asked), "it is signed too"
    form = store.upload_policy(
        "uploads/", expires_s=60, max_bytes=9, content_type_prefix="video/"
    ).fields
    assert {n: v for n, v in form.items() if n.startswith("x-amz-server-side")} == asked
