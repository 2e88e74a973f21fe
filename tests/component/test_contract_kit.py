"""The contract kit: it passes a Greenroom and a receiver that keep the contract, and finds out those that do not."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from greenroom.runtime.texts import LOCALES, catalogue_path
from greenroom_cli.contract_kit.certificate import Certificate, Check
from greenroom_cli.contract_kit.company import new_secret
from greenroom_cli.contract_kit.contracts import Exchange, shipped
from greenroom_cli.contract_kit.inbox import Inbox
from greenroom_cli.contract_kit.receiver import ReceiverTrial
from greenroom_cli.contract_kit.words import FOLDER, Words
from greenroom_cli.main import app

KIT = FOLDER.parent
SECRET = new_secret()
Answer = Callable[[bytes, dict[str, str]], int]


def kit(folder: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the certificate, and what was printed."""
    file = folder / "certificate.json"
    done = CliRunner().invoke(app, ["contract-kit", "--certificate", str(file), *options])
    assert file.exists(), done.output
    return done.exit_code, json.loads(file.read_text()), done.output


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """An HTTP server of somebody else's, by its URL; `answer` gives the status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(answer(body, headers))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def verified(body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(SECRET).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def careful(body: bytes, headers: dict[str, str]) -> int:
    return 204 if verified(body, headers) else 401


def believing(body: bytes, headers: dict[str, str]) -> int:
    return 204


def without_a_clock(body: bytes, headers: dict[str, str]) -> int:
    """Checks the signature and forgets the timestamp."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    ours = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return 204 if ours in headers.get("webhook-signature", "").split(" ") else 401


class Forgetless:
    """Takes every id once, and calls a duplicate a conflict."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, body: bytes, headers: dict[str, str]) -> int:
        if not verified(body, headers):
            return 400
        known = headers["webhook-id"] in self.seen
        self.seen.add(headers["webhook-id"])
        return 409 if known else 200


def strict_about_types(body: bytes, headers: dict[str, str]) -> int:
    if not verified(body, headers):
        return 403
    return 202 if json.loads(body)["type"] in shipped().event_types else 422


def leaving(body: bytes, headers: dict[str, str]) -> int:
    return 204 if verified(body, headers) else 410


REFUSALS = ["wrong_secret", "altered", "other_id", "unsigned", "old", "future"]


@pytest.mark.parametrize(
    ("answer", "failing"),
    [
        (careful, []),
        (believing, REFUSALS),
        (without_a_clock, ["old", "future"]),
        (Forgetless(), ["duplicate"]),
        (strict_about_types, ["unknown_type"]),
        (leaving, REFUSALS),
    ],
)
def test_a_receiver_is_found_out(answer: Answer, failing: list[str]) -> None:
    with answering(answer) as url:
        found = tried(url)
    assert [check.id for check in found.checks if not check.passed] == [
        f"receiver.{name}" for name in failing
    ]
    assert found.passed is not bool(failing)


def tried(url: str) -> Certificate:
    found = Certificate(url, shipped())
    trial = ReceiverTrial(url, SECRET, shipped())
    found.run(trial.steps())
    trial.close()
    return found


def test_where_nobody_listens_the_rest_is_not_tried() -> None:
    with answering(careful) as url:
        pass
    found = tried(url)
    assert not found.passed
    assert found.checks[0].reason == "no_connection"
    assert {check.reason for check in found.checks[1:]} == {"not_tried"}


def test_nothing_tried_is_no_success() -> None:
    assert not Certificate("nobody", shipped()).passed


def test_the_kits_own_inbox_passes_as_a_receiver_with_a_certificate_in_chinese(
    tmp_path: Path,
) -> None:
    with Inbox() as inbox:
        inbox.open("mine").secret = SECRET
        options = ["--receiver", f"{inbox.url}/mine", "--secret", SECRET, "--lang", "zh-CN"]
        status, document, said = kit(tmp_path, *options)
    assert (status, document["result"], document["failed"]) == (0, "passed", 0)
    assert document["contracts"]["files"] == shipped().digests
    assert document["contracts"]["sha256"] == shipped().digest
    assert "证书: 通过" in said


def test_a_server_that_is_no_greenroom_gets_no_certificate(tmp_path: Path) -> None:
    with answering(lambda body, headers: 200) as url:
        status, document, said = kit(tmp_path, "--server", url, "--api-key", "k", "--lang", "en")
    assert (status, document["result"]) == (1, "failed")
    assert document["passed"] == 0
    first = document["checks"][0]
    assert first["id"] == "ehr.no_key"
    assert "'interviews' is a required property" in first["why"]
    assert "Certificate: failed" in said


@pytest.mark.slow
def test_greenroom_passes_whole(tmp_path: Path) -> None:
    status, document, said = kit(tmp_path, "--lang", "en")
    assert status == 0, said
    assert {check["result"] for check in document["checks"]} == {"passed"}
    groups = {check["id"].partition(".")[0] for check in document["checks"]}
    assert groups == {"ehr", "oa", "faults"}
    assert len(document["checks"]) == document["tried"] == document["passed"] == 39


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ({"url": "/v1/nowhere"}, "is in no contract"),
        ({"status": 418}, "status 418 is not among"),
        ({"headers": {"content-type": "text/html"}}, "content type text/html is not among"),
        ({"body": b"{"}, "the body is no JSON"),
        ({"body": b"{}"}, "'interviews' is a required property"),
        ({"url": "/v1/interviews?limit=0"}, "parameter limit: $: 0 is less than the minimum"),
        ({"url": "/v1/interviews?limit=x"}, "parameter limit: $: 'x' is not of type 'integer'"),
    ],
)
def test_what_breaks_the_contract_is_named(change: dict[str, Any], breach: str) -> None:
    good = {
        "method": "GET",
        "url": "/v1/interviews?limit=5&score[communication]>=80",
        "request_headers": {},
        "request_body": b"",
        "status": 200,
        "headers": {"content-type": "application/json; charset=utf-8"},
        "body": b'{"interviews": [], "next": null}',
    }
    assert shipped().exchange(Exchange(**good)) == []
    found = shipped().exchange(Exchange(**(good | change)))
    assert breach in found[0]


def test_every_step_and_every_reason_has_its_text_in_both_languages() -> None:
    """What the sources name is what the catalogues hold."""
    used: set[str] = set()
    for path in KIT.glob("*.py"):
        source = path.read_text()
        used |= {f"why.{name}" for name in re.findall(r'Broken\(\s*"(\w+)"', source)}
        used |= {f"check.{name}" for name in re.findall(r'Step\("([\w.]+)"', source)}
        used |= {f"check.faults.{name}" for name in re.findall(r'\bFault\("(\w+)"', source)}
        used |= set(re.findall(r"""\.say\(\s*["']([\w.]+)["']""", source))
    lines = (KIT / "command.py").read_text().partition("lines = {")[2].partition("}\n    ")[0]
    used |= {f"line.{name}" for name in re.findall(r'^        "(\w+)": ', lines, re.M)}
    used |= {"why.not_tried", "why.no_connection", "result.passed", "result.failed"}
    placeholders = []
    for locale in LOCALES:
        with catalogue_path(FOLDER, locale).open("rb") as file:
            catalogue = {message.id: message.string for message in read_po(file) if message.id}
        assert set(catalogue) == used
        assert all(catalogue.values())
        placeholders.append(
            {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in catalogue.items()}
        )
    assert placeholders[0] == placeholders[1]


def test_every_reason_is_given_what_its_text_asks_for() -> None:
    words = Words("en")
    for path in KIT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Broken" and node.args:
                reason = ast.literal_eval(node.args[0])
                values = {str(keyword.arg): "…" for keyword in node.keywords}
                assert "{" not in str(words.why(Check("ehr.told", 0, reason, values)))
