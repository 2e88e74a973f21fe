"""The main job with TLS on every hop, each function with a user of the store and settings of its own."""

from __future__ import annotations

import json
import secrets
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from greenroom.adapters.broker import connected, dead_letters
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.errors import Forbidden, NotFound, Unavailable
from tests.platform.secured import SecuredDeployment
from tests.platform.stack import FIRST_PORT, running_stack

pytestmark = [pytest.mark.ceph, pytest.mark.slow, pytest.mark.timeout(900)]
MARK_BYTES = 48
"""So many bytes of an object do not come about by chance."""
OWN_PORTS = str(int(FIRST_PORT) + 1000)
"""A stack of its own: announcements of another bucket would come over its broker's plain port."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredDeployment]:
    with tempfile.TemporaryDirectory(prefix="greenroom-secured-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as nobody
        with running_stack(Path(folder), OWN_PORTS) as stack, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_CA_BUNDLE", stack.over_tls["AWS_CA_BUNDLE"])
            own = tmp_path_factory.mktemp("secured")
            with SecuredDeployment(stack, own) as deployment:
                yield deployment


def test_one_interview_from_the_batch_to_the_signed_webhook(deployment: SecuredDeployment) -> None:
    told, _ = (demo := deployment.demo()).communicate(timeout=600)
    assert demo.returncode == 0
    document = json.loads(told)
    assert document["loss_ms"] == 0
    assert [item["type"] for item in document["webhooks"]].count("interview.scored") == 1
    assert all(item["verified"] for item in document["webhooks"])
    for queue in deployment.dead_queues:
        assert dead_letters(deployment.stack.broker, queue) == []


def test_what_rests_on_the_disks_is_encrypted(
    deployment: SecuredDeployment, tmp_path: Path
) -> None:
    """All that came of an interview, by the API's word and by a look at the disks; what did not ask lies there open."""
    store = deployment.store()
    in_clear = b"%s in clear" % secrets.token_hex(16).encode()
    store.put("probes/clear", in_clear)
    readers = {
        prefix: deployment.store_of(wired.name)
        for wired in deployment.wiring.values()
        for prefix in wired.reads
    }
    held: dict[str, bytes] = {}
    said: set[str | None] = set()
    for prefix, reader in readers.items():
        for item in store.listing(prefix):
            said.add(reader.encryption(item.key))
            if item.size > MARK_BYTES:
                held[item.key] = reader.read(item.key, at_most=1_000_000)
    assert {key.partition("/")[0] for key in held} >= {"uploads", "recordings", "reports"}
    assert said == {"aws:kms"}
    raw = b"\n".join(
        path.read_bytes() for path in deployment.stack.raw_objects(tmp_path / "raw").iterdir()
    )
    assert in_clear in raw
    for key, body in held.items():
        assert body[:MARK_BYTES] not in raw, key
    store.delete("probes/clear", every_version=True)


def test_a_second_plan_is_empty(deployment: SecuredDeployment) -> None:
    again = deployment.terraform.run(
        "plan", "-detailed-exitcode", "-input=false", *deployment.variables
    )
    assert again.status == 0, again.written[-6000:]


def test_each_user_may_do_what_the_table_says_and_nothing_else(
    deployment: SecuredDeployment,
) -> None:
    prefixes = sorted(
        {prefix for one in deployment.wiring.values() for prefix in (*one.reads, *one.writes)}
    )
    owner = deployment.store()
    for prefix in prefixes:
        owner.put(f"{prefix}policy/kept", b"1")
    found, wanted = {}, {}
    for name, wired in deployment.wiring.items():
        store = deployment.store_of(name)
        for prefix in prefixes:
            found[name, prefix] = (
                allowed(store, "read", f"{prefix}policy/kept"),
                allowed(store, "write", f"{prefix}policy/{name}"),
                allowed(store, "delete", f"{prefix}policy/{name}"),
            )
            wanted[name, prefix] = (
                prefix in wired.reads,
                prefix in wired.writes,
                prefix in wired.deletes,
            )
    assert found == wanted


def allowed(store: ObjectStore, act: str, key: str) -> bool:
    try:
        match act:
            case "read":
                store.read(key, at_most=10)
            case "write":
                store.put(key, b"2")
            case "delete":
                store.delete(key)
    except Forbidden:
        return False
    except NotFound:
        return True
    return True


def test_a_user_of_a_function_makes_no_bucket(deployment: SecuredDeployment) -> None:
    keys = deployment.user_of("analysis")
    other = ObjectStore(
        bucket="greenroom-other",
        endpoint=deployment.environment["GREENROOM_STORE__ENDPOINT"],
        access_key=keys["GREENROOM_STORE__ACCESS_KEY"],
        secret_key=keys["GREENROOM_STORE__SECRET_KEY"],
    )
    with pytest.raises(Forbidden):
        other.ensure_bucket(cors_origins=[deployment.url], rules=[])


def test_no_process_knows_more_than_its_own_settings(deployment: SecuredDeployment) -> None:
    for name, process in deployment.processes.items():
        if name in ("mailbox", "nginx"):
            continue
        given = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
        settings = {line.partition("=")[0] for line in given if line.startswith("GREENROOM_")}
        wired = deployment.wiring.get(name.removeprefix("http-"))
        assert settings
        for setting in settings:
            of_broker = setting.startswith("GREENROOM_BROKER__")
            assert of_broker or (wired is not None and wired.given(setting)), (name, setting)


class TestAnAuthorityThatIsNotTrusted:
    """Each hop says no, so the certificates above were looked at. The system's own authorities are asked here."""

    def test_of_the_store(
        self, deployment: SecuredDeployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        with pytest.raises(Unavailable, match=r"certificate verify failed|SSL"):
            deployment.store_of("analysis").read("reports/x", at_most=1)

    def test_of_the_broker(self, deployment: SecuredDeployment) -> None:
        url = deployment.environment["GREENROOM_BROKER__URL"].partition("?")[0]
        with pytest.raises(Unavailable), connected(url, "stranger"):
            pass

    def test_of_the_database(self, deployment: SecuredDeployment) -> None:
        url = deployment.environment["GREENROOM_DATABASE__URL"].replace("+psycopg", "")
        trusted, _, bundle = url.partition("&sslrootcert=")
        with psycopg.connect(f"{trusted}&sslrootcert={bundle}") as connection:
            assert connection.pgconn.ssl_in_use
        with pytest.raises(psycopg.OperationalError, match="certificate"):
            psycopg.connect(f"{trusted}&sslrootcert=system")

    def test_of_the_pages(self, deployment: SecuredDeployment) -> None:
        assert deployment.get("/i/nobody").status_code < 500
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{deployment.url}/i/nobody", verify=ssl.create_default_context())


def test_mails_were_taken_over_tls_only(deployment: SecuredDeployment) -> None:
    with smtplib.SMTP("127.0.0.1", deployment.ports.smtp) as plain:
        code, told = plain.docmd("MAIL FROM:<a@example.com>")
    assert (code, b"STARTTLS" in told) == (530, True)


def test_only_the_tables_paths_are_answered_from_outside(deployment: SecuredDeployment) -> None:
    assert deployment.get("/-/ready").status_code == 404
    assert deployment.get("/-/metrics").status_code == 404
    assert deployment.get("/console").status_code != 404
    answer = deployment.get("/v1/interviews")
    assert answer.status_code == 401
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_keys_of_the_store_change_while_the_ones_before_still_open(
    deployment: SecuredDeployment,
) -> None:
    before, known = deployment.store_of("analysis"), deployment.user_of("analysis")
    deployment.stack.users()
    assert deployment.user_of("analysis") == known  # again changes nothing
    deployment.stack.users("--rotate")
    fresh = deployment.store_of("analysis")
    assert deployment.user_of("analysis") != known
    for store in (before, fresh):
        assert store.head("reports/none") is None
    deployment.stack.users("--drop-earlier")
    assert fresh.head("reports/none") is None
    with pytest.raises(Forbidden):
        before.head("reports/none")
