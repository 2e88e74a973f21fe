"""`greenroom doctor` finds nothing on a platform that works, and names what was broken on one that does not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.webhook import WebhookEndpointRequest
from greenroom.runtime.settings import LinkSettings
from greenroom_cli.doctor.clocks import check_clocks
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.line import check_line
from greenroom_local.platform import PocketPlatform, running_settings


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketPlatform]:
    with PocketPlatform(tmp_path_factory.mktemp("platform"), ports="free") as platform:
        yield platform


def doctor(*words: str, **environment: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit status, and each finding's level and words by its code (of several with one code, the last)."""
    kept = {name: value for name, value in os.environ.items() if "GREENROOM_" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "greenroom_cli", "doctor", "--json", *words],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    found = json.loads(done.stdout)["findings"]
    return done.returncode, {item["code"]: (item["level"], item["said"]) for item in found}


def nobody() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_platform_that_works_has_no_fault(platform: PocketPlatform) -> None:
    status, found = doctor("--data", str(platform.data))
    levels = {code: level for code, (level, _) in found.items()}
    warned = {code for code, level in levels.items() if level == "warning"}
    assert warned == {"webhooks", "store.versioning", "store.lifecycle", "store.encryption"}, (
        "nobody has registered an endpoint, and the pocket store keeps what it is given as it is"
    )
    assert {level for code, level in levels.items() if code not in warned} == {"good"}
    assert {"store.cors", "store.policy", "store.private", "store.heard", "mail"} <= set(levels)
    assert {"store.expiry", "store.multipart", "store.erasing", "queues.dead"} <= set(levels)
    assert status == 0
    keys = [item.key for item in platform.object_store().listing("")]
    assert [key for key in keys if "doctor" in key or "knock" in key] == [], "nothing stays behind"


def test_a_warning_counts_where_strictness_is_asked_for(platform: PocketPlatform) -> None:
    """The same platform, whose status was 0."""
    status, found = doctor("--strict", "--lang", "zh-CN", "--data", str(platform.data))
    assert status == 1
    assert {level for level, _ in found.values()} == {"good", "warning"}
    assert found["webhooks"][1] == "没有登记任何端点"


def test_what_is_broken_is_named(platform: PocketPlatform, tmp_path: Path) -> None:
    settings = running_settings(platform.data)
    bucket = ObjectStore(
        bucket="unwired",
        endpoint=platform.store_url,
        access_key=settings["GREENROOM_STORE__ACCESS_KEY"],
        secret_key=settings["GREENROOM_STORE__SECRET_KEY"],
    )
    bucket.ensure_bucket(cors_origins=["https://elsewhere.example"], rules=[])
    status, found = doctor(
        *("--wait", "0.3"),
        **settings
        | {
            "GREENROOM_STORE__BUCKET": "unwired",
            "GREENROOM_DATABASE__URL": f"sqlite:///{tmp_path}/empty.sqlite",
            "GREENROOM_MAIL__PORT": str(nobody()),
            "GREENROOM_LINKS__PUBLIC_URL": f"http://interviews.invalid:{nobody()}",
        },
    )
    faults = {code for code, (level, _) in found.items() if level == "fault"}
    assert faults == {
        *("store.cors", "store.rules", "store.heard", "database.schema", "mail"),
        *("pages", "pages.line", "pages.tls"),
    }
    assert found["database.schema"][1] == "there is no schema"
    assert "status_sync (events/….json)" in found["store.rules"][1]
    assert status == 1


def test_a_missing_setting_is_named_and_the_rest_is_looked_at(platform: PocketPlatform) -> None:
    settings = running_settings(platform.data)
    del settings["GREENROOM_MAIL__HOST"]
    settings["GREENROOM_STORE__SECRET_KEY"] = "of another store"
    status, found = doctor("--lang", "zh-CN", **settings)
    assert "无法启动" in found["settings"][1]
    assert found["settings"][0] == "fault" and "GREENROOM_MAIL__HOST" in found["settings"][1]
    assert found["mail"][0] == "skipped"
    assert found["store"][0] == "fault"
    assert found["database"][0] == "good"
    assert status == 1


def test_receivers_that_are_not_allowed_or_not_there(platform: PocketPlatform) -> None:
    database = platform.database()
    here, there = f"http://127.0.0.1:{nobody()}/hook", "https://10.9.8.7/hook"
    with database.begin() as tx:
        for url in (here, there):
            tx.webhooks.add_endpoint(WebhookEndpointRequest(url=url), "whsec_" + "a" * 32)
    status, found = doctor("--data", str(platform.data))
    with database.begin() as tx:
        for endpoint in tx.webhooks.endpoints():
            tx.webhooks.disable_endpoint(endpoint.id, "removed")
    assert (
        found["webhooks.line"][0] == "fault" and "Connection refused" in found["webhooks.line"][1]
    )
    assert found["webhooks.allowed"][0] == "fault" and there in found["webhooks.allowed"][1]
    assert status == 1


def test_an_older_and_a_newer_schema_are_told_apart(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/some.sqlite")
    database.migrate()
    assert database.schema().current == database.schema().wanted
    for revision, known in (("0001", True), ("9999", False)):
        with database.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        assert (database.schema().current, database.schema().known) == (revision, known)


@pytest.mark.parametrize(
    ("off_s", "level"), [(0, "good"), (-3, "good"), (-40, "warning"), (3600, "fault")]
)
def test_a_wrong_clock_is_told_in_seconds(off_s: int, level: str) -> None:
    class Told(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(seconds=off_s)))
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        [*here, finding] = check_clocks(Deployment({"links": LinkSettings(public_url=url)}))
    finally:
        server.shutdown()
        server.server_close()
    assert (here, finding.code, finding.level) == ([], "clock.pages", level)


def test_a_server_that_speaks_no_tls_is_a_fault(platform: PocketPlatform) -> None:
    found = check_line("pages.line", platform.url.replace("http://", "https://"))
    assert found.level == "fault"
