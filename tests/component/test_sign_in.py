"""Accounts of this machine: password, lock, authenticator app, sessions, forms that other sites cannot send."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pyotp
import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from tests.console_visitors import PASSWORD, SignedIn, account, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, api_key, candidate_token, invite, set_up

NEW = "a much longer password"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(app, clock)
    return FunctionClient(app)


@pytest.fixture
def zhou(client: FunctionClient, database: Database) -> str:
    return account(database, login="zhou", password=PASSWORD)


def sign_in(
    client: FunctionClient, password: str = PASSWORD, login: str = "zhou", **headers: str
) -> Answer:
    form = urlencode({"login": login, "password": password})
    return client.form("/console/sign-in", form, **headers)


def session(answer: Answer) -> SignedIn:
    token = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    return SignedIn("", token)


def is_in(client: FunctionClient, visitor: SignedIn) -> bool:
    return client.get("/console/interviews", cookie=visitor.cookie).status == 200


def actions(database: Database) -> list[str]:
    with database.begin() as tx:
        return [entry.act.action for entry in tx.audit.find()][::-1]


def test_the_way_in_and_out(client: FunctionClient, zhou: str, database: Database) -> None:
    door = client.get("/console")
    assert (door.status, 'type="password"' in door.text) == (200, True)
    assert "/console/sign-in/provider" not in door.text
    entered = sign_in(client, login="Zhou")
    assert (entered.status, entered.headers["location"]) == (303, "/console/interviews")
    attributes = entered.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=36000"} <= set(attributes)
    assert "Secure" not in attributes, "the public URL is http"
    visitor = session(entered)
    assert is_in(client, visitor)
    assert client.get("/console", cookie=visitor.cookie).status == 303
    away = client.form("/console/sign-out", visitor.form(), cookie=visitor.cookie)
    assert away.headers["location"] == "/console"
    assert "Max-Age=0" in away.headers["set-cookie"]
    assert not is_in(client, visitor), "the cookie alone is worth nothing any more"
    assert actions(database) == ["signed_in", "interviews.seen", "signed_out"]


def test_behind_tls_the_cookie_belongs_to_this_host_alone(
    client: FunctionClient, zhou: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_LINKS__PUBLIC_URL", "https://interviews.example.com")
    set_up(app)
    cookie = sign_in(client).headers["set-cookie"]
    assert cookie.startswith("__Host-greenroom_session=")
    assert cookie.endswith("; Path=/; Max-Age=36000; HttpOnly; SameSite=Lax; Secure")


def test_the_database_holds_no_session_that_opens_anything(
    client: FunctionClient, zhou: str, database: Database, tmp_path: object
) -> None:
    token = session(sign_in(client)).token
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM sessions").all()
    assert len(rows) == 1
    assert token not in str(rows)
    assert client.get(
        "/console/interviews", cookie=f"greenroom_session={rows[0][0]}"
    ).status == 401  # fmt: skip


@pytest.mark.parametrize(
    ("login", "password"), [("zhou", "wrong"), ("nobody", PASSWORD), ("", ""), ("zhou", "<b>")]
)
def test_what_is_wrong_is_not_told(
    client: FunctionClient, zhou: str, login: str, password: str
) -> None:
    refused = sign_in(client, password, login)
    assert (refused.status, "sign_in_wrong" in refused.text) == (401, True)
    assert "set-cookie" not in refused.headers
    assert "<b>" not in refused.text


def test_five_failures_lock_for_a_quarter_of_an_hour(
    client: FunctionClient, zhou: str, clock: SettableClock, database: Database
) -> None:
    for _ in range(5):
        assert "sign_in_wrong" in sign_in(client, "wrong").text
    locked = sign_in(client)
    assert (locked.status, "account_locked" in locked.text) == (401, True)
    assert actions(database) == ["sign_in_failed"] * 5
    clock.advance(timedelta(minutes=14))
    assert sign_in(client).status == 401
    clock.advance(timedelta(minutes=1))
    assert "sign_in_wrong" in sign_in(client, "wrong").text, "one more failure locks nothing"
    assert sign_in(client).status == 303


def test_success_forgets_failures(client: FunctionClient, zhou: str) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in(client, "wrong")
        assert sign_in(client).status == 303


def test_local_accounts_can_be_switched_off(
    client: FunctionClient, zhou: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_LOCAL_ACCOUNTS", "false")
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"GREENROOM_PROVIDER__{name}", "greenroom")
    monkeypatch.setenv("GREENROOM_PROVIDER__ISSUER", "https://id.example.com")
    monkeypatch.setenv("GREENROOM_PROVIDER__ROLES", '{"hr": "hr"}')
    set_up(app)
    assert 'type="password"' not in client.get("/console").text
    assert sign_in(client).status == 403


def test_a_session_ends_when_idle_and_in_any_case(
    client: FunctionClient, zhou: str, clock: SettableClock
) -> None:
    idle, busy = session(sign_in(client)), session(sign_in(client))
    for _ in range(23):
        clock.advance(timedelta(minutes=25))
        assert is_in(client, busy)
    assert not is_in(client, idle)
    clock.advance(timedelta(minutes=25))
    assert not is_in(client, busy), "ten hours are over"


def test_signing_in_again_ends_the_session_before(client: FunctionClient, zhou: str) -> None:
    first = session(sign_in(client))
    second = session(sign_in(client, cookie=first.cookie))
    assert (is_in(client, first), is_in(client, second)) == (False, True)


@pytest.mark.parametrize("token", ["", '"', "x" * 43, "a;b"])
def test_what_is_no_session_is_shown_the_way_in(
    client: FunctionClient, database: Database, token: str
) -> None:
    (interview,) = invite(database)
    for bad in (token, candidate_token(interview), api_key(database, "interviews:read")):
        page = client.get(f"/console/interviews/{interview}", cookie=f"greenroom_session={bad}")
        assert (page.status, "李明" in page.text) == (401, False)


def test_forms_of_other_sites_and_without_the_token_do_nothing(
    client: FunctionClient, database: Database, zhou: str
) -> None:
    admin = signed_in(database, Role.ADMIN)
    path = f"/console/users/{zhou}/state"
    good = admin.form(state="disabled")
    other = signed_in(database, Role.ADMIN).form(state="disabled")
    for body, headers in (
        ("state=disabled", {}),
        (other, {}),
        (good, {"sec-fetch-site": "cross-site"}),
        (good, {"sec-fetch-site": "same-site"}),
        (good, {"origin": "https://evil.example.com", "host": "127.0.0.1:8080"}),
        (good, {"origin": "null", "host": "127.0.0.1:8080"}),
    ):
        assert client.form(path, body, cookie=admin.cookie, **headers).status == 403
    assert client.form(path, good).status == 401, "and no session, no act"
    with database.begin() as tx:
        assert tx.users.get(zhou).state == "active"
    ours = {"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"}
    for headers in (ours, {"sec-fetch-site": "same-origin"}):
        assert client.form(path, good, cookie=admin.cookie, **headers).status == 303
    foreign = sign_in(client, **{"sec-fetch-site": "cross-site"})
    assert (foreign.status, "set-cookie" in foreign.headers) == (403, False)


def test_a_new_password_ends_every_other_session(client: FunctionClient, zhou: str) -> None:
    here, there = session(sign_in(client)), session(sign_in(client))
    path = "/console/account/password"
    wrong = client.form(path, here.form(old="wrong", new=NEW), cookie=here.cookie)
    assert (wrong.status, "password_wrong" in wrong.text) == (403, True)
    short = client.form(path, here.form(old=PASSWORD, new="short"), cookie=here.cookie)
    assert (short.status, "password_short" in short.text) == (422, True)
    changed = client.form(path, here.form(old=PASSWORD, new=NEW), cookie=here.cookie)
    assert changed.headers["location"] == "/console/account?done=password"
    assert (is_in(client, session(changed)), is_in(client, here), is_in(client, there)) == (
        True,
        False,
        False,
    )
    assert (sign_in(client).status, sign_in(client, NEW).status) == (401, 303)


def test_signing_out_elsewhere(client: FunctionClient, zhou: str) -> None:
    here, there = session(sign_in(client)), session(sign_in(client))
    client.form("/console/account/sessions", here.form(), cookie=here.cookie)
    assert (is_in(client, here), is_in(client, there)) == (True, False)


def set_up_app(client: FunctionClient, visitor: SignedIn, clock: SettableClock) -> pyotp.TOTP:
    page = client.get("/console/account", cookie=visitor.cookie).text
    secret, proof = (
        re.search(pattern, page)[1]  # type: ignore[index]
        for pattern in (r'class="secret">(\w+)<', r'name="proof" value="([^"]+)"')
    )
    totp = pyotp.TOTP(secret)
    path = "/console/account/second-factor"
    wrong = client.form(path, visitor.form(proof=proof, code="000000"), cookie=visitor.cookie)
    assert wrong.status == 422
    form = visitor.form(proof=proof, code=totp.at(clock()))
    assert client.form(path, form, cookie=visitor.cookie).status == 303
    return totp


def code(client: FunctionClient, step: str, typed: str) -> Answer:
    return client.form("/console/sign-in/code", urlencode({"step": step, "code": typed}))


def test_with_an_authenticator_app_a_password_is_half_the_way(
    client: FunctionClient, zhou: str, clock: SettableClock, database: Database
) -> None:
    totp = set_up_app(client, session(sign_in(client)), clock)
    half = sign_in(client)
    assert (half.status, "set-cookie" in half.headers) == (200, False)
    step = re.search(r'name="step" value="([^"]+)"', half.text)[1]  # type: ignore[index]
    used = code(client, step, totp.at(clock()))
    assert (used.status, "code_wrong" in used.text) == (401, True), "set up with this very code"
    clock.advance(timedelta(seconds=60))
    now = totp.at(clock())
    assert code(client, step, "123 456" if now != "123456" else "654321").status == 401
    assert code(client, "no.such.step", now).status == 401
    entered = code(client, step, f"{now[:3]} {now[3:]}")
    assert entered.status == 303
    assert is_in(client, session(entered))
    assert code(client, step, now).status == 401, "a code is good once"
    clock.advance(timedelta(minutes=5))
    assert "token_expired" in code(client, step, totp.at(clock())).text
    with database.begin() as tx:
        kept = tx.users.get(zhou).totp_secret
    assert kept is not None
    assert totp.secret not in kept


def test_a_second_app_does_not_take_the_place_of_the_first(
    client: FunctionClient, zhou: str, clock: SettableClock, database: Database
) -> None:
    visitor = session(sign_in(client))
    page = client.get("/console/account", cookie=visitor.cookie).text
    secret, proof = (
        re.search(pattern, page)[1]  # type: ignore[index]
        for pattern in (r'class="secret">(\w+)<', r'name="proof" value="([^"]+)"')
    )
    set_up_app(client, visitor, clock)
    with database.begin() as tx:
        kept = tx.users.get(zhou).totp_secret
    form = visitor.form(proof=proof, code=pyotp.TOTP(secret).at(clock()))
    late = client.form("/console/account/second-factor", form, cookie=visitor.cookie)
    assert (late.status, "second_factor_exists" in late.text) == (409, True)
    with database.begin() as tx:
        assert tx.users.get(zhou).totp_secret == kept


def test_codes_cannot_be_guessed_for_long(
    client: FunctionClient, zhou: str, clock: SettableClock
) -> None:
    totp = set_up_app(client, session(sign_in(client)), clock)
    clock.advance(timedelta(minutes=1))
    step = re.search(r'name="step" value="([^"]+)"', sign_in(client).text)[1]  # type: ignore[index]
    wrong = "000000" if totp.at(clock()) != "000000" else "111111"
    for _ in range(4):
        assert "code_wrong" in code(client, step, wrong).text
    assert "account_locked" in code(client, step, totp.at(clock())).text


def test_the_app_is_switched_off_with_the_password(
    client: FunctionClient, zhou: str, clock: SettableClock
) -> None:
    visitor = session(sign_in(client))
    set_up_app(client, visitor, clock)
    path = "/console/account/second-factor/removal"
    assert client.form(path, visitor.form(password="?"), cookie=visitor.cookie).status == 403
    assert client.form(path, visitor.form(password=PASSWORD), cookie=visitor.cookie).status == 303
    assert sign_in(client).status == 303


def test_an_admin_adds_changes_resets_and_disables(
    client: FunctionClient, database: Database
) -> None:
    admin = signed_in(database, Role.ADMIN)

    def send(path: str, **fields: str) -> Answer:
        return client.form(f"/console/users{path}", admin.form(**fields), cookie=admin.cookie)

    who = {"login": "wu", "name": "吴", "email": "wu@example.com", "role": "interviewer"}
    for wrong in ({"login": "W u"}, {"email": "no"}, {"name": " "}, {"role": "king"}):
        assert send("", **{**who, **wrong}).status == 422
    first = re.search(r'class="secret">([^<]+)<', send("", **who).text)[1]  # type: ignore[index]
    assert send("", **who).status == 409, "the name is taken"
    with database.begin() as tx:
        wu = tx.users.by_login("wu")
    visitor = session(sign_in(client, first, "wu"))
    assert is_in(client, visitor)
    assert send(f"/{wu.id}/role", role="auditor").status == 303
    assert client.get("/console/audit", cookie=visitor.cookie).status == 200, "in effect at once"
    second = re.search(r'class="secret">([^<]+)<', send(f"/{wu.id}/reset").text)[1]  # type: ignore[index]
    assert not is_in(client, visitor)
    assert (sign_in(client, first, "wu").status, sign_in(client, second, "wu").status) == (401, 303)
    visitor = session(sign_in(client, second, "wu"))
    assert send(f"/{wu.id}/state", state="disabled").status == 303
    assert not is_in(client, visitor)
    assert sign_in(client, second, "wu").status == 401
    assert send(f"/{wu.id}/state", state="active").status == 303
    assert sign_in(client, second, "wu").status == 303
    assert send(f"/{admin.user}/state", state="disabled").status == 409, "not the own account"
    told = [item for item in actions(database) if item.startswith("user.")]
    assert told == [
        "user.added",
        "user.role_changed",
        "user.reset",
        "user.disabled",
        "user.enabled",
    ]
