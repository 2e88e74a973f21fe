"""Each thing that can be wrong with a deployment is broken, and the doctor names it and says what to mend."""

from __future__ import annotations

import ast
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from babel.messages.pofile import read_po
from pydantic import BaseModel

from greenroom.adapters.database import Database
from greenroom.adapters.database.tables import webhook_endpoints
from greenroom.domain.webhook import WebhookEndpointRequest
from greenroom.runtime.settings import (
    BrokerSettings,
    DatabaseSettings,
    LinkSettings,
    MailSettings,
    StoreSettings,
)
from greenroom.runtime.texts import LOCALES, REFERENCE, catalogue_path
from greenroom_cli.doctor import clocks
from greenroom_cli.doctor.clocks import check_clocks
from greenroom_cli.doctor.database import check_database
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding
from greenroom_cli.doctor.line import check_line
from greenroom_cli.doctor.mail import check_mail
from greenroom_cli.doctor.queues import check_queues
from greenroom_cli.doctor.receivers import check_receivers
from greenroom_cli.doctor.store import check_store
from greenroom_cli.doctor.words import FOLDER, Words
from greenroom_local.queue import Queue
from tests.authority import Authority
from tests.pocket import ACCESS_KEY, BUCKET, SECRET_KEY, Pocket

ORIGIN = "https://interviews.example.com"


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    """Each finding's level by code and what it is; each has its texts, and what is wrong says what to do."""
    found = list(findings)
    for locale in LOCALES:
        words = Words(locale)
        for finding in found:
            said, mend = words.said(finding), words.mend(finding)
            assert "{" not in said + mend
            assert not said.startswith(f"{finding.code}."), f"no text in {locale}"
            assert (finding.level in ("warning", "fault")) == bool(mend)
            assert mend != f"{finding.code}.{finding.what}.mend", f"nothing to do in {locale}"
    return {f"{one.code} {one.what}": one.level for one in found}


def faults(findings: Iterable[Finding]) -> set[str]:
    return {name for name, level in levels(findings).items() if level == "fault"}


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def deployment(pocket: Pocket, **store: Any) -> Deployment:
    settings = {"endpoint": pocket.url, "bucket": BUCKET, **store}
    return Deployment(
        {
            "store": StoreSettings(access_key=ACCESS_KEY, secret_key=SECRET_KEY, **settings),
            "links": LinkSettings(public_url=ORIGIN),
        }
    )


class Lax(BaseHTTPRequestHandler):
    """Says yes to everybody, as a store does whose bucket was opened to the world."""

    def _yes(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_OPTIONS = _yes  # noqa: N815 - names of http.server

    def log_message(self, *words: object) -> None:
        pass


def test_a_store_that_refuses_nobody(pocket: Pocket) -> None:
    with serving(Lax) as url:
        found = faults(check_store(deployment(pocket, public_endpoint=url), heard_s=0.1))
    assert found == {
        *("store.policy another_key", "store.policy larger", "store.policy another_type"),
        *("store.private read", "store.private listed", "store.private written"),
        *("store.private posted", "store.cors open", "store.ranges refused"),
        *("store.expiry taken", "store.rules missing", "store.heard unheard"),
    }


class Before(BaseHTTPRequestHandler):
    """A gateway before the pocket store that lets through what it likes. The host is the one that was signed for."""

    store: ClassVar[str]
    refused: ClassVar[Callable[[str, str], bool]]
    hidden: ClassVar[str]
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if type(self).refused(self.command, self.path):
            self.send_error(501)
            return
        address = urlsplit(self.store)
        line = http.client.HTTPConnection(address.hostname or "", address.port)
        line.request(self.command, self.path, body, dict(self.headers.items()))
        answer = line.getresponse()
        content = answer.read()
        line.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if not name.lower().startswith((type(self).hidden, "transfer-encoding")):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _pass  # noqa: N815

    def log_message(self, *words: object) -> None:
        pass


def before(pocket: Pocket, refused: Callable[[str, str], bool], hidden: str) -> Any:
    """A gateway that answers 501 to what is `refused`, and hides headers that begin with `hidden`."""
    kept = {"store": pocket.url, "refused": staticmethod(refused), "hidden": hidden}
    return serving(type("Gateway", (Before,), kept))


def test_a_store_that_lacks_what_is_needed(pocket: Pocket) -> None:
    def refused(_method: str, path: str) -> bool:
        return "uploadId=" in path or "?versions" in path

    with before(pocket, refused, "x-amz-meta-") as url:
        found = levels(check_store(deployment(pocket, endpoint=url), heard_s=0.1))
    assert {name: level for name, level in found.items() if "lacking" in name} == {
        **dict.fromkeys(
            ("store.multipart lacking", "store.metadata lacking", "store.erasing lacking"), "fault"
        ),
        **dict.fromkeys(
            ("store.versioning lacking", "store.lifecycle lacking", "store.encryption lacking"),
            "warning",
        ),
    }
    assert not list(pocket.store.listing("probes/doctor-")), "nothing stays behind"


def test_pages_that_may_not_upload(pocket: Pocket) -> None:
    with before(pocket, lambda method, path: False, "access-control-") as url:
        found = faults(check_store(deployment(pocket, public_endpoint=url), heard_s=0.1))
    assert {"store.cors refused", "store.cors answer_hidden"} <= found


def told(off_s: float) -> type[BaseHTTPRequestHandler]:
    class Told(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(seconds=off_s)))
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    return Told


class Issuer(BaseModel):
    issuer: str


@pytest.mark.parametrize(
    ("store_s", "pages_s", "provider_s", "expected"),
    [
        (0, 40, 0, {"clock.pages ahead": "warning"}),
        (-3600, 0, 0, {"clock.store behind": "fault"}),
        (40, 40, 40, {"clock.here behind": "warning"}),
        (-1000, -1000, 0, {"clock.store behind": "fault", "clock.pages behind": "fault"}),
        (-1000, -1000, -1000, {"clock.here ahead": "fault"}),
    ],
)
def test_the_clock_that_is_off_is_named(
    store_s: float, pages_s: float, provider_s: float, expected: dict[str, str]
) -> None:
    with (
        serving(told(store_s)) as store,
        serving(told(pages_s)) as pages,
        serving(told(provider_s)) as provider,
    ):
        parts = {
            "store": StoreSettings(endpoint=store),
            "links": LinkSettings(public_url=pages),
            "provider": Issuer(issuer=provider),
        }
        found = levels(check_clocks(Deployment(parts)))
    assert {name: level for name, level in found.items() if level != "good"} == expected


def test_the_time_that_a_relay_greets_with() -> None:
    late = datetime.now(UTC) + timedelta(hours=2)
    greeting = f"mail.example.com ESMTP Exim 4.96 {format_datetime(late)}"
    controller = Controller(object(), "127.0.0.1", free_port(), ident=greeting)
    controller.start()
    try:
        parts = {"mail": MailSettings(host="127.0.0.1", port=controller.port)}
        assert levels(check_clocks(Deployment(parts))) == {"clock.mail ahead": "fault"}
    finally:
        controller.stop()
    assert clocks.middle([0.0, 90.0, 90.0, 90.0, 0.5]) == 90.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    return found


@contextmanager
def tls_server(context: ssl.SSLContext, preface: bytes = b"") -> Iterator[int]:
    """Takes connections under TLS, one after another; first a `preface` of eight bytes is answered with it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            try:
                if preface:
                    line.recv(8)
                    line.sendall(preface)
                with context.wrap_socket(line, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                continue  # the client did not trust us

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


LASTING = [
    (timedelta(days=90), "127.0.0.1", "certified", "good"),
    (timedelta(days=5), "127.0.0.1", "ending", "warning"),
    (timedelta(days=-1), "127.0.0.1", "untrusted", "fault"),
    (timedelta(days=90), "10.0.0.1", "untrusted", "fault"),
]


@pytest.mark.parametrize(("lasts", "address", "what", "level"), LASTING)
def test_a_certificate_that_ends_or_is_another_s(
    authority: Authority, lasts: timedelta, address: str, what: str, level: str
) -> None:
    with tls_server(authority.context(lasts, address)) as port:
        found = levels(
            check_line(code, f"{scheme}://127.0.0.1:{port}")
            for code, scheme in (("store.line", "https"), ("broker.line", "amqps"))
        )
    assert found == {f"store.line {what}": level, f"broker.line {what}": level}


def test_an_authority_that_nobody_here_trusts(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_server(authority.context(timedelta(days=90))) as port:
        url = f"https://127.0.0.1:{port}"
        monkeypatch.delenv("SSL_CERT_FILE")
        assert faults([check_line("pages.line", url)]) == {"pages.line untrusted"}
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.file))
        assert levels([check_line("pages.line", url)]) == {"pages.line certified": "good"}


@pytest.mark.parametrize(
    ("preface", "lasts", "expected"),
    [
        (b"S", timedelta(days=90), {"database.line certified": "good"}),
        (b"S", timedelta(days=-1), {"database.line untrusted": "fault"}),
        (b"N", timedelta(days=90), {"database.line no_tls": "fault"}),
    ],
)
def test_the_certificate_of_a_postgresql(
    authority: Authority, preface: bytes, lasts: timedelta, expected: dict[str, str]
) -> None:
    with tls_server(authority.context(lasts), preface) as port:
        url = f"postgresql+psycopg://u:p@127.0.0.1:{port}/g?sslmode=verify-full&sslrootcert={authority.file}"
        found = levels(check_database(Deployment({"database": DatabaseSettings(url=url)})))
    assert {name: one for name, one in found.items() if "line" in name} == expected
    assert found["database silent"] == "fault", "it is no PostgreSQL after all"


class Relay:
    async def handle_DATA(self, *_: object) -> str:
        raise AssertionError("the doctor sends no mail")


@pytest.mark.parametrize(
    ("lasts", "settings", "expected"),
    [
        (timedelta(days=90), {"starttls": True}, {"mail.line certified": "good"}),
        (timedelta(days=5), {"starttls": True}, {"mail.line ending": "warning"}),
        (timedelta(days=-1), {"starttls": True}, {"mail refused": "fault"}),
        (timedelta(days=90), {}, {"mail.tls unused": "warning"}),
        (timedelta(days=90), {"username": "u", "password": "wrong"}, {"mail refused": "fault"}),
    ],
    ids=["good", "ending", "expired", "unused", "wrong password"],
)
def test_a_relay_s_certificate_and_password(
    authority: Authority,
    lasts: timedelta,
    settings: dict[str, Any],
    expected: dict[str, str],
) -> None:
    controller = Controller(Relay(), "127.0.0.1", free_port(), tls_context=authority.context(lasts))
    controller.start()
    try:
        mail = MailSettings(host="127.0.0.1", port=controller.port, timeout_s=5, **settings)
        found = levels(check_mail(Deployment({"mail": mail})))
    finally:
        controller.stop()
    assert {name: level for name, level in found.items() if name != "mail good"} == expected


def test_an_older_and_a_newer_schema(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    parts = {"database": DatabaseSettings(url=url)}
    for revision, expected in (("0001", ("behind", "fault")), ("9999", ("newer", "warning"))):
        with database.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        found = levels(check_database(Deployment(parts)))
        assert found[f"database.schema {expected[0]}"] == expected[1]


class Allowed(BaseModel):
    allow: list[str]


def test_receivers_that_are_suspended_disabled_unsigned_or_in_clear(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    database = Database(f"sqlite:///{tmp_path}/unsealed.sqlite")
    database.migrate()
    names = ("suspended", "failing", "disabled", "unsigned")
    with database.begin() as tx:
        ids = {
            name: tx.webhooks.add_endpoint(
                WebhookEndpointRequest(url=f"http://ehr.invalid/{name}"), "whsec_" + "a" * 32
            ).id
            for name in names
        }
        tx.webhooks.disable_endpoint(ids["disabled"], "gone")
    here = f"http://127.0.0.1:{free_port()}/suspended"
    failing = {"failures": 9, "failing_since": now - timedelta(hours=1)}
    changes: dict[str, dict[str, Any]] = {
        "suspended": {**failing, "url": here, "paused_until": now + timedelta(hours=1)},
        "failing": {**failing, "url": here.replace("suspended", "failing")},
        "unsigned": {"secret": ""},
    }
    with database.engine.begin() as connection:
        for name, values in changes.items():
            change = sa.update(webhook_endpoints).where(webhook_endpoints.c.id == ids[name])
            connection.execute(change.values(values))
    url = database.engine.url.render_as_string(hide_password=False)
    parts = {"database": DatabaseSettings(url=url), "webhooks": Allowed(allow=["127.0.0.1"])}
    found = levels(check_receivers(Deployment(parts)))
    assert found["webhooks.disabled disabled"] == "warning"
    assert found["webhooks.secret missing"] == "fault"
    assert found["webhooks.failing suspended"] == "fault"
    assert found["webhooks.failing failing"] == "warning"
    assert found["webhooks.tls plain"] == "warning"
    assert found["webhooks.allowed refused"] == "fault"


def test_dead_letters_are_counted(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "store", max_receives=1)
    queue.send("quality_check", "{}")
    [message] = queue.receive("quality_check", "w", 30)
    queue.release(message.receipt, error="poison")
    queue.close()
    found = levels(check_queues(Deployment(platform=tmp_path)))
    assert found == {"queues.dead buried": "fault"}


def test_a_broker_that_is_away() -> None:
    broker = BrokerSettings(url=f"amqp://u:secret@127.0.0.1:{free_port()}/")
    found = list(check_queues(Deployment({"broker": broker})))
    assert faults(found) == {"broker.line closed", "broker refused"}
    assert "secret" not in str(found)


def texts(locale: Any) -> dict[str, str]:
    with catalogue_path(FOLDER, locale).open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


def test_every_finding_has_its_texts_in_every_language() -> None:
    """What the checks can find, read from their source, and what the catalogues say."""
    reference = texts(REFERENCE)
    for locale in LOCALES:
        found = texts(locale)
        assert found.keys() == reference.keys()
        for key, text in found.items():
            fields = {name for _, name, _, _ in Formatter().parse(text) if name}
            wanted = {name for _, name, _, _ in Formatter().parse(reference[key]) if name}
            assert fields == wanted, f"{key} in {locale}"
    made = set()
    for path in Path("cli/greenroom_cli/doctor").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            words = [one.value for one in call.args if isinstance(one, ast.Constant)]
            if call.func.id in ("good", "warning", "fault", "skipped") and len(words) == len(
                call.args
            ):
                code, what = words if len(words) == 2 else (words[0], "good")
                made.add(f"{code}.{what}")
                if call.func.id in ("warning", "fault"):
                    made.add(f"{code}.{what}.mend")
    assert len(made) > 60
    assert made <= reference.keys()
