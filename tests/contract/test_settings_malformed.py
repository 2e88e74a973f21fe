"""Settings that are malformed or contradict each other stop every function at its start, by the setting's name."""

from __future__ import annotations

import base64
import os
import re
from importlib import import_module
from pathlib import Path

import pytest

from greenroom.domain.errors import MisconfiguredSetting
from greenroom.host import amqp_worker
from greenroom.runtime.settings import FunctionSettings

KEY = base64.b64encode(b"k" * 32).decode()
GOOD = {
    "GREENROOM_STORE__ENDPOINT": "https://s3.example.com",
    "GREENROOM_DATABASE__URL": "postgresql+psycopg://u:p@db.example.com/g?sslmode=verify-full",
    "GREENROOM_BROKER__URL": "amqps://u:p@mq.example.com/",
    "GREENROOM_TOKENS__KEY": "k" * 32,
    "GREENROOM_LINKS__PUBLIC_URL": "https://interviews.example.com",
    "GREENROOM_MAIL__HOST": "mail.example.com",
    "GREENROOM_MAIL__STARTTLS": "true",
    "GREENROOM_ERASURE__KEY": KEY,
}
PROVIDER = {
    "GREENROOM_PROVIDER__ISSUER": "https://id.example.com",
    "GREENROOM_PROVIDER__CLIENT_ID": "greenroom",
    "GREENROOM_PROVIDER__CLIENT_SECRET": "hush",
    "GREENROOM_PROVIDER__ROLES": '{"hr": "hr"}',
}
MODEL = {
    "GREENROOM_LANGUAGE_MODEL__URL": "https://model.example.com/v1",
    "GREENROOM_LANGUAGE_MODEL__MODEL": "qwen",
}
WRONG = {
    "GREENROOM_TRACES__ENDPOINT": "collector",
    "GREENROOM_TLS": "sometimes",
    "GREENROOM_STORE__ENDPOINT": "s3.example.com",
    "GREENROOM_STORE__PUBLIC_ENDPOINT": "ftp://s3.example.com",
    "GREENROOM_STORE__BUCKET": "No Bucket",
    "GREENROOM_STORE__REGION": "",
    "GREENROOM_STORE__ACCESS_KEY": "with a blank",
    "GREENROOM_STORE__SECRET_KEY": "",
    "GREENROOM_STORE__ENCRYPTION": "rot13",
    "GREENROOM_STORE__KMS_KEY_ID": "with a blank",
    "GREENROOM_DATABASE__URL": "mysql://db/greenroom",
    "GREENROOM_DATABASE__KEYS": "not json",
    "GREENROOM_DATABASE__CIPHER": "rot13",
    "GREENROOM_BROKER__URL": "https://mq.example.com",
    "GREENROOM_BROKER__STORE_URL": "mq.example.com",
    "GREENROOM_TOKENS__KEY": "short",
    "GREENROOM_TOKENS__GRACE_HOURS": "-1",
    "GREENROOM_API__REQUESTS_PER_S": "0",
    "GREENROOM_API__BURST": "many",
    "GREENROOM_LINKS__PUBLIC_URL": "interviews.example.com",
    "GREENROOM_LINKS__TRACKING": "perhaps",
    "GREENROOM_IDENTITY__KEY": "c2hvcnQ=",
    "GREENROOM_IDENTITY__FORMER_KEYS": '["c2hvcnQ="]',
    "GREENROOM_IDENTITY__KEEP_DAYS": "0",
    "GREENROOM_ERASURE__KEY": "!",
    "GREENROOM_HEALTH__KEEP_DAYS": "0",
    "GREENROOM_FOLLOW_UPS__WAIT_S": "0",
    "GREENROOM_FOLLOW_UPS__MODEL_S": "soon",
    "GREENROOM_MAIL__HOST": "",
    "GREENROOM_MAIL__PORT": "70000",
    "GREENROOM_MAIL__STARTTLS": "often",
    "GREENROOM_MAIL__SENDER": "Greenroom",
    "GREENROOM_MAIL__TIMEOUT_S": "-1",
    "GREENROOM_PARTNERS__DAYS": "0",
    "GREENROOM_PARTNERS__LOCALE": "fr",
    "GREENROOM_PARTNERS__POLICY": "C N",
    "GREENROOM_LANGUAGE_MODEL__URL": "model",
    "GREENROOM_LANGUAGE_MODEL__MODEL": "",
    "GREENROOM_LANGUAGE_MODEL__TIMEOUT_S": "600",
    "GREENROOM_TIME_ZONE": "Mars/Olympus",
    "GREENROOM_PROVIDER__ISSUER": "id.example.com",
    "GREENROOM_PROVIDER__ROLES": '{"hr": "king"}',
    "GREENROOM_PROVIDER__TIMEOUT_S": "0",
    "GREENROOM_LOCAL_ACCOUNTS": "maybe",
    "GREENROOM_SESSIONS__IDLE_MINUTES": "0",
    "GREENROOM_SESSIONS__HOURS": "25",
    "GREENROOM_PLAYBACK__EXPIRES_S": "86400",
    "GREENROOM_FRAME_ANCESTORS": '["example.com"]',
    "GREENROOM_UPLOADS__EXPIRES_S": "604800",
    "GREENROOM_UPLOADS__MAX_BYTES": "0",
    "GREENROOM_ASSEMBLY__AHEAD": "0",
    "GREENROOM_ASSEMBLY__STALE_S": "0",
    "GREENROOM_ASSEMBLY__SWEEP_S": "x",
    "GREENROOM_QUALITY__LIMITS__WALL_S": "0",
    "GREENROOM_QUALITY__LIMITS__CPU_S": "0",
    "GREENROOM_QUALITY__LIMITS__MEMORY_MB": "1",
    "GREENROOM_QUALITY__STALE_S": "0",
    "GREENROOM_QUALITY__SWEEP_S": "0",
    "GREENROOM_ANALYSIS__STALE_S": "0",
    "GREENROOM_ANALYSIS__SWEEP_S": "0",
    "GREENROOM_TRANSCRIPT__COMMAND": "funasr",
    "GREENROOM_TRANSCRIPT__PATIENCE": "0",
    "GREENROOM_WEBHOOKS__ALLOW": '["1.2.3"]',
    "GREENROOM_WEBHOOKS__SECRETS": '{"oa": "hush"}',
    "GREENROOM_WEBHOOKS__TIMEOUT_S": "0",
}
ANYTHING = {
    *("GREENROOM_MAIL__USERNAME", "GREENROOM_MAIL__PASSWORD", "GREENROOM_LANGUAGE_MODEL__API_KEY"),
    *("GREENROOM_PROVIDER__CLIENT_ID", "GREENROOM_PROVIDER__CLIENT_SECRET"),
    *("GREENROOM_PROVIDER__ROLE_CLAIM", "GREENROOM_PROVIDER__SCOPE"),
    *("GREENROOM_ASSEMBLY__FOLDER", "GREENROOM_QUALITY__FOLDER", "GREENROOM_ANALYSIS__FOLDER"),
    *("GREENROOM_TRANSCRIPT__FOLDER", "GREENROOM_BROKER__STORE_CA"),
}
"""Words of other people's and folders, which are made: every text is one."""


def rooms() -> dict[str, type[FunctionSettings]]:
    """Every class of settings by who reads it."""
    found: dict[str, type[FunctionSettings]] = {"worker": amqp_worker.Settings}
    for path in Path("functions").glob("*/settings.py"):
        found[path.parent.name] = import_module(f"functions.{path.parent.name}.settings").Settings
    for path in Path("layers").glob("*/greenroom_*/settings.py"):
        found[path.parent.name] = import_module(f"{path.parent.name}.settings").Settings
    return found


ROOMS = rooms()


def stopped(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, str]:
    """Who does not start with this environment, and why."""
    for name in [name for name in os.environ if name.startswith("GREENROOM_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = {}
    for room, settings in ROOMS.items():
        try:
            settings.load()
        except MisconfiguredSetting as error:
            found[room] = error.detail
    return found


def test_every_setting_is_here() -> None:
    documented = {
        line.split("`")[1]
        for line in Path("docs/settings.md").read_text().splitlines()
        if line.startswith("| `GREENROOM_")
    }
    assert WRONG.keys() | ANYTHING == documented


def test_good_settings_start_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(monkeypatch, **GOOD, **PROVIDER, **MODEL, GREENROOM_TLS="required") == {}


@pytest.mark.parametrize("name", WRONG)
def test_a_malformed_setting_is_named_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    needed = {**PROVIDER, **MODEL} if "PROVIDER" in name or "MODEL__" in name else {}
    if name == "GREENROOM_IDENTITY__FORMER_KEYS" or name == "GREENROOM_IDENTITY__KEEP_DAYS":
        needed["GREENROOM_IDENTITY__KEY"] = KEY
    found = stopped(monkeypatch, **{**GOOD, **needed, name: WRONG[name]})
    assert found, "nobody reads it"
    assert all(said.startswith(f"{name}: ") for said in found.values()), found
    if WRONG[name] and any(secret in name for secret in ("KEY", "SECRET", "PASSWORD", "__URL")):
        assert not any(f"{WRONG[name]!r}" in said for said in found.values())


@pytest.mark.parametrize("name", [name for name in GOOD if name != "GREENROOM_MAIL__STARTTLS"])
def test_an_unset_setting_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    found = stopped(monkeypatch, **{key: value for key, value in GOOD.items() if key != name})
    assert found
    assert all(said.startswith(f"{name}: ") for said in found.values())


def test_terraform_asks_for_what_functions_cannot_start_without() -> None:
    """And for the database's keys: nobody is to forget them."""
    wiring = Path("infra/terraform/aws-api/wiring.tf").read_text()
    asked = set(
        re.findall(r'"(GREENROOM_\w+)"', wiring.partition("required = [")[2].partition("]")[0])
    )
    of_workers_or_wanted = {"GREENROOM_BROKER__URL", "GREENROOM_MAIL__STARTTLS"}
    assert asked == {*GOOD, "GREENROOM_DATABASE__KEYS"} - of_workers_or_wanted


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("GREENROOM_STORE", {"GREENROOM_STORE__ACCESS_KEY": "without the other"}),
        ("GREENROOM_STORE", {"GREENROOM_STORE__ENCRYPTION": "sse-kms"}),
        ("GREENROOM_STORE", {"GREENROOM_STORE__KMS_KEY_ID": "a-key-for-nothing"}),
        ("GREENROOM_MAIL", {"GREENROOM_MAIL__USERNAME": "greenroom"}),
        ("GREENROOM_DATABASE", {"GREENROOM_DATABASE__KEYS": f'["{KEY}", "{KEY}"]'}),
        (
            "GREENROOM_IDENTITY",
            {"GREENROOM_IDENTITY__KEY": KEY, "GREENROOM_IDENTITY__FORMER_KEYS": f'["{KEY}"]'},
        ),
        ("GREENROOM_LOCAL_ACCOUNTS", {"GREENROOM_LOCAL_ACCOUNTS": "false"}),
        (
            "GREENROOM_SESSIONS",
            {"GREENROOM_SESSIONS__IDLE_MINUTES": "90", "GREENROOM_SESSIONS__HOURS": "1"},
        ),
        (
            "GREENROOM_TRANSCRIPT",
            {"GREENROOM_TRANSCRIPT__FOLDER": "/m", "GREENROOM_TRANSCRIPT__COMMAND": '["x"]'},
        ),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    monkeypatch: pytest.MonkeyPatch, part: str, values: dict[str, str]
) -> None:
    values = {name: value.replace("without the other", "key") for name, value in values.items()}
    found = stopped(monkeypatch, **GOOD, **values)
    assert found
    assert all(said.startswith(f"{part}: ") for said in found.values()), found


IN_CLEAR = {
    "GREENROOM_STORE__ENDPOINT": "http://s3.example.com",
    "GREENROOM_STORE__PUBLIC_ENDPOINT": "http://s3.example.com",
    "GREENROOM_DATABASE__URL": "postgresql+psycopg://u:p@db.example.com/g?sslmode=require",
    "GREENROOM_BROKER__URL": "amqp://u:p@mq.example.com/",
    "GREENROOM_BROKER__STORE_URL": "amqps://u:p@mq.example.com/?ssl_options=%7B'protocol':16%7D",
    "GREENROOM_LINKS__PUBLIC_URL": "http://interviews.example.com",
    "GREENROOM_MAIL__STARTTLS": "false",
    "GREENROOM_LANGUAGE_MODEL__URL": "http://model.example.com/v1",
    "GREENROOM_PROVIDER__ISSUER": "http://id.example.com",
    "GREENROOM_TRACES__ENDPOINT": "http://collector.example.com",
    "GREENROOM_FRAME_ANCESTORS": '["http://careers.example.com"]',
}


@pytest.mark.parametrize("name", IN_CLEAR)
def test_a_hop_in_clear_is_refused_where_tls_is_required(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    values = {**GOOD, **PROVIDER, **MODEL, name: IN_CLEAR[name]}
    assert stopped(monkeypatch, **values) == {}
    found = stopped(monkeypatch, **values, GREENROOM_TLS="required")
    assert found
    assert all(said.startswith(f"{name}: ") for said in found.values())
    assert "u:p@" not in str(found), "no password is told"


def test_a_machine_may_speak_to_itself_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {
        "GREENROOM_STORE__ENDPOINT": "http://127.0.0.1:9000",
        "GREENROOM_DATABASE__URL": "postgresql+psycopg://u@/g?host=/run/postgresql",
        "GREENROOM_BROKER__URL": "amqp://u:p@[::1]:5672/",
        "GREENROOM_LINKS__PUBLIC_URL": "http://localhost:8000",
        "GREENROOM_MAIL__HOST": "localhost",
        "GREENROOM_MAIL__STARTTLS": "false",
    }
    assert stopped(monkeypatch, **{**GOOD, **here}, GREENROOM_TLS="required") == {}
