"""API keys: made, rotated with an overlap, revoked; signed requests; so many requests and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from typer.testing import CliRunner

from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.domain.api_key import SCOPES
from greenroom.runtime.http import Request
from greenroom.runtime.inbound_signature import check_signature, signed_text
from greenroom.runtime.tokens import signing_secret
from greenroom_cli.main import app as command
from tests.function_client import Answer, FunctionClient
from tests.seeded import TOKEN_KEY, SettableClock, api_key, invite, set_up

WISH = {"name": "EHR", "scopes": ["interviews:read", "interviews:write"]}


@pytest.fixture
def clock(platform: None, database: Database) -> SettableClock:
    clock = SettableClock()
    set_up(console, clock)
    return clock


@pytest.fixture
def admin(clock: SettableClock, database: Database) -> FunctionClient:
    return of(api_key(database, *SCOPES))


def of(key: str) -> FunctionClient:
    return FunctionClient(console, authorization=f"Bearer {key}")


def opens(key: str) -> bool:
    answer = of(key).get("/v1/interviews")
    assert answer.status == 200 or answer.json()["code"] == "api_key_invalid"
    return answer.status == 200


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


def test_a_key_is_shown_once_and_kept_as_a_digest(
    admin: FunctionClient, database: Database, tmp_path: Path
) -> None:
    made = admin.post("/v1/api-keys", WISH)
    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    key = made.json()["key"]
    assert opens(key)
    listed = admin.get("/v1/api-keys").text
    assert made.json()["id"] in listed
    assert key not in listed and made.json()["signing_secret"] not in listed
    database.close()
    stored = (tmp_path / "greenroom.sqlite").read_bytes()
    assert key.encode() not in stored
    assert key.rpartition("_")[2].encode() not in stored


def test_the_same_idempotency_key_makes_one_key_and_answers_it_again(
    admin: FunctionClient, database: Database
) -> None:
    once = {"idempotency-key": "first key of the EHR"}
    first, again = (admin.post("/v1/api-keys", WISH, **once).json() for _ in range(2))
    assert first == again
    assert opens(again["key"])
    other = admin.post("/v1/api-keys", {**WISH, "name": "OA"}, **once)
    assert refused(other) == (409, "idempotency_key_reused")
    with database.begin() as tx:
        assert [key.name for key in tx.api_keys.list()].count("EHR") == 1


def test_rotation_overlaps_and_then_the_old_key_ends(
    admin: FunctionClient, clock: SettableClock
) -> None:
    old = admin.post("/v1/api-keys", WISH).json()
    path = f"/v1/api-keys/{old['id']}/rotate"
    once = {"idempotency-key": "rotation"}
    new, repeated = (admin.post(path, {"overlap_hours": 2}, **once).json() for _ in range(2))
    assert new == repeated
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    assert opens(old["key"]) and opens(new["key"])
    assert refused(admin.post(path, {})) == (409, "api_key_replaced")
    clock.advance(timedelta(hours=2))
    assert not opens(old["key"])
    assert opens(new["key"])
    states = {key["id"]: key["state"] for key in admin.get("/v1/api-keys").json()["api_keys"]}
    assert (states[old["id"]], states[new["id"]]) == ("expired", "active")
    assert admin.post(path, {"overlap_hours": 2}, **once).json()["key"] == new["key"]
    assert refused(admin.post(path, {})) == (409, "api_key_ended")


def test_a_revoked_key_opens_nothing_and_revoking_again_does_no_harm(admin: FunctionClient) -> None:
    made = admin.post("/v1/api-keys", WISH).json()
    for _ in range(2):
        assert admin.delete(f"/v1/api-keys/{made['id']}").status == 204
    assert not opens(made["key"])
    assert refused(admin.delete("/v1/api-keys/none")) == (404, "unknown_api_key")


def test_a_key_ends_when_it_was_said_to(admin: FunctionClient, clock: SettableClock) -> None:
    ends = (clock.now + timedelta(days=1)).isoformat()
    made = admin.post("/v1/api-keys", {**WISH, "expires_at": ends}).json()
    assert opens(made["key"])
    clock.advance(timedelta(days=1))
    assert not opens(made["key"])
    late = admin.post("/v1/api-keys", {**WISH, "expires_at": ends})
    assert refused(late) == (422, "already_over")


def test_nobody_gives_away_more_than_they_have(admin: FunctionClient, database: Database) -> None:
    small = of(api_key(database, "keys:write", "interviews:read"))
    assert refused(small.post("/v1/api-keys", WISH)) == (403, "scope_not_yours")
    big = admin.post("/v1/api-keys", WISH).json()["id"]
    assert refused(small.post(f"/v1/api-keys/{big}/rotate", {})) == (403, "scope_not_yours")
    assert refused(small.delete(f"/v1/api-keys/{big}")) == (403, "scope_not_yours")
    assert refused(admin.post("/v1/api-keys", {**WISH, "scopes": ["all"]}))[1] == "invalid_document"
    without = of(api_key(database, "interviews:write"))
    assert refused(without.get("/v1/api-keys")) == (403, "scope_missing")


def test_so_many_requests_at_once_and_then_so_many_a_second(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_API__REQUESTS_PER_S", "0.5")
    monkeypatch.setenv("GREENROOM_API__BURST", "3")
    set_up(console, clock)
    hr, other = (of(api_key(database, "interviews:read")) for _ in range(2))
    statuses = [hr.get("/v1/interviews").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    limited = hr.get("/v1/interviews")
    assert refused(limited) == (429, "rate_limited")
    assert limited.headers["retry-after"] == "2"
    assert other.get("/v1/interviews").status == 200, "each key for itself"
    clock.advance(timedelta(seconds=2))
    assert [hr.get("/v1/interviews").status for _ in range(2)] == [200, 429]
    clock.advance(timedelta(hours=1))
    assert [hr.get("/v1/interviews").status for _ in range(4)] == statuses


def test_a_key_that_must_sign_changes_nothing_without_a_signature(
    admin: FunctionClient, database: Database
) -> None:
    (interview,) = invite(database)
    made = admin.post("/v1/api-keys", {**WISH, "signed": True}).json()
    path, body = f"/v1/interviews/{interview}/cancel", '{"reason": "职位取消"}'
    client = of(made["key"])
    assert client.get("/v1/interviews").status == 200
    unsigned = client.request("POST", path, body=body)
    assert refused(unsigned) == (401, "signature_missing")
    headers = signed(made["signing_secret"], "POST", path, body)
    altered = client.request("POST", path, body=body.replace("职位", "全部"), headers=headers)
    assert refused(altered) == (401, "signature_invalid")
    elsewhere = client.request("POST", path.replace("cancel", "remind"), body=body, headers=headers)
    assert refused(elsewhere) == (401, "signature_invalid")
    old = signed(made["signing_secret"], "POST", path, body, age=timedelta(minutes=6))
    assert refused(client.request("POST", path, body=body, headers=old))[1] == "signature_invalid"
    foreign = signed(signing_secret("another installation's key", made["id"]), "POST", path, body)
    assert refused(client.request("POST", path, body=body, headers=foreign))[0] == 401
    assert client.request("POST", path, body=body, headers=headers).json()["state"] == "cancelled"


def signed(
    secret: str, method: str, path: str, body: str, *, age: timedelta = timedelta()
) -> dict[str, str]:
    """The headers as a client makes them, with the public library."""
    text = signed_text(Request(method, path, {}, {}, {}, body.encode()))
    at = datetime.now(UTC) - age
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, text),
    }


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_the_check_fall_over(name: str, at: str, signature: str) -> None:
    headers = {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": signature}
    request = Request("POST", "/v1/batches", {}, {"locale": "en"}, headers, b"\xff")
    with pytest.raises(Exception, match="signature") as caught:
        check_signature(signing_secret(TOKEN_KEY, "k"), request)
    assert caught.value.code == "signature_invalid"  # type: ignore[attr-defined]


def test_the_command_makes_rotates_and_revokes(
    clock: SettableClock, database: Database, platform: None
) -> None:
    def keys(*words: str) -> str:
        found = CliRunner().invoke(command, ["keys", *words], env={"COLUMNS": "200"})
        assert found.exit_code == 0, found.output
        return found.output

    made = keys("create", "EHR", "--scope", "interviews:read", "--signed")
    plain = next(line for line in made.splitlines() if line.startswith("gr_"))
    assert opens(plain)
    assert "sign with whsec_" in made
    key_id = plain.split("_")[1]
    rotated = keys("rotate", key_id, "--overlap-hours", "0")
    fresh = next(line for line in rotated.splitlines() if line.startswith("gr_"))
    clock.advance(timedelta(minutes=1))
    assert (opens(plain), opens(fresh)) == (False, True)
    keys("revoke", fresh.split("_")[1])
    assert not opens(fresh)
    listed = keys("list")
    assert "expired, signed" in listed and "revoked, signed" in listed
    with database.begin() as tx:
        acts = [entry.act for entry in tx.audit.find()]
    audited = [(act.action, act.actor.kind) for act in acts if act.subject == "api_key"]
    assert audited == [
        (f"api_key.{what}", "command") for what in ("revoked", "rotated", "created")
    ], "newest first"
    wrong = CliRunner().invoke(command, ["keys", "create", "X", "--scope", "everything"])
    assert wrong.exit_code == 1
    assert CliRunner().invoke(command, ["keys", "revoke", "none"]).exit_code == 1
