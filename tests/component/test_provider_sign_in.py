"""Signing in at a real OpenID Connect provider (npm's oidc-provider), and what must not get anybody in."""

import base64
import hmac
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwk, jwt

from functions.console.app import app
from functions.console.provider import Attempt, Provider
from functions.console.settings import ProviderSettings
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.domain.errors import Forbidden, Unauthorized
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, set_up

NODE = shutil.which("node")
HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(
    NODE is None or not Path("node_modules/oidc-provider").is_dir(),
    reason="no node, or its packages are not installed",
)
SECRET = "the secret: of/the+client"
CALLBACK = "http://127.0.0.1:8080/console/sign-in/callback"
MAIL = {"email_verified": True}
ACCOUNTS = {
    "zhou": {"name": "周敏", "email": "Zhou@example.com", "groups": ["all", "recruiting"], **MAIL},
    "both": {"name": "B", "email": "b@example.com", "groups": ["panel", "it"], **MAIL},
    "nobody": {"name": "N", "email": "n@example.com", "groups": ["all"], **MAIL},
    "unproved": {"name": "U", "email": "u@example.com", "email_verified": False, "groups": ["it"]},
}
ROLES = {"recruiting": "hr", "panel": "interviewer", "it": "admin"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    assert NODE is not None
    environment = {
        **os.environ,
        "ACCOUNTS": json.dumps(ACCOUNTS),
        "CLIENT_SECRET": SECRET,
        "REDIRECT_URI": CALLBACK,
    }
    with subprocess.Popen(
        [NODE, HERE / "identity_provider.mjs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def console(
    platform: None, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FunctionClient]:
    for name, value in {
        "ISSUER": issuer,
        "CLIENT_ID": "greenroom",
        "CLIENT_SECRET": SECRET,
        "ROLES": json.dumps(ROLES),
    }.items():
        monkeypatch.setenv(f"GREENROOM_PROVIDER__{name}", value)
    set_up(app, SettableClock())
    yield FunctionClient(app)
    monkeypatch.undo()
    set_up(app)


@dataclass
class Browser:
    """A browser between the console and the provider, up to the answer that it carries back."""

    console: FunctionClient
    cookie: str = ""

    def leave(self) -> str:
        away = self.console.get("/console/sign-in/provider")
        assert away.status == 303
        self.cookie = away.headers["set-cookie"].partition(";")[0]
        return away.headers["location"]

    def answer(self, address: str, account: str) -> str:
        """Sign in and consent at the provider; the path and query that it sends back to."""
        with httpx.Client(follow_redirects=False, timeout=20) as http:
            response = http.get(address)
            for _ in range(12):
                if response.is_redirect:
                    target = response.headers["location"]
                    if target.startswith(CALLBACK):
                        parts = urlsplit(target)
                        return f"{parts.path}?{parts.query}"
                    response = http.get(str(response.url.join(target)))
                else:
                    response = self._fill(http, response, account)
        raise AssertionError(response.text)

    def _fill(self, http: httpx.Client, page: httpx.Response, account: str) -> httpx.Response:
        action = re.search(r'action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="([^"]+)"', page.text)
        assert action is not None, page.text
        assert prompt is not None, page.text
        form = {"prompt": prompt[1], "login": account, "password": "any"}
        return http.post(str(page.url.join(action[1])), data=form)

    def back(self, path: str) -> Answer:
        return self.console.get(path, cookie=self.cookie)

    def sign_in(self, account: str) -> Answer:
        return self.back(self.answer(self.leave(), account))


@pytest.fixture
def browser(console: FunctionClient) -> Browser:
    return Browser(console)


def test_from_the_console_to_the_provider_and_back(browser: Browser, database: Database) -> None:
    assert "/console/sign-in/provider" in browser.console.get("/console").text
    address = browser.leave()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["nonce"]) == len(asked["state"]) == 64
    entered = browser.back(browser.answer(address, "zhou"))
    assert (entered.status, entered.headers["location"]) == (303, "/console/interviews")
    session = entered.headers["set-cookie"].partition(";")[0]
    page = browser.console.get("/console/interviews", cookie=session)
    assert page.status == 200
    assert "周敏" in page.text
    with database.begin() as tx:
        (user,) = tx.users.all()
        actions = [entry.act.action for entry in tx.audit.find()]
    assert (user.role, user.email, user.is_local) == (Role.HR, "zhou@example.com", False)
    assert actions[-2:] == ["signed_in", "user.provided"]


def test_of_two_roles_the_greater_counts_and_a_user_comes_again(
    browser: Browser, database: Database
) -> None:
    for _ in range(2):
        assert browser.sign_in("both").status == 303
    with database.begin() as tx:
        assert [user.role for user in tx.users.all()] == [Role.ADMIN]


@pytest.mark.parametrize(
    ("account", "code"), [("nobody", "role_missing"), ("unproved", "email_missing")]
)
def test_who_has_no_role_or_no_confirmed_address_stays_out(
    browser: Browser, database: Database, account: str, code: str
) -> None:
    refused = browser.sign_in(account)
    assert (refused.status, code in refused.text) == (403, True)
    assert "set-cookie" not in refused.headers
    with database.begin() as tx:
        assert tx.users.all() == []


def test_who_was_disabled_here_stays_out(browser: Browser, database: Database) -> None:
    browser.sign_in("zhou")
    with database.begin() as tx:
        tx.users.set_state(tx.users.all()[0].id, disabled=True)
    refused = browser.sign_in("zhou")
    assert (refused.status, "account_disabled" in refused.text) == (401, True)


def test_an_answer_is_good_once_and_only_in_the_browser_that_asked(browser: Browser) -> None:
    path = browser.answer(browser.leave(), "zhou")
    other = Browser(browser.console)
    other.leave()
    stranger = other.back(path)
    assert (stranger.status, "provider_refused" in stranger.text) == (401, True)
    assert browser.console.get(path).status == 401
    altered = re.sub(r"code=[^&]+", "code=guessed", path)
    assert browser.back(altered).status == 401
    elsewhere = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example.com", path)
    assert browser.back(elsewhere).status == 401
    assert browser.back(path).status == 303
    assert browser.back(path).status == 401, "the provider takes a code once"


def test_the_provider_s_no_is_said_in_words(browser: Browser) -> None:
    state = parse_qs(urlsplit(browser.leave()).query)["state"][0]
    refused = browser.back(f"/console/sign-in/callback?error=access_denied&state={state}")
    assert (refused.status, "provider_refused" in refused.text) == (401, True)


def test_a_provider_that_does_not_answer(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_PROVIDER__ISSUER", "http://127.0.0.1:9")
    set_up(app)
    away = browser.console.get("/console/sign-in/provider")
    assert (away.status, "provider_unavailable" in away.text) == (503, True)


KEY = jwk.RSAKey.generate_key(2048, {"kid": "k"}, private=True)
ATTEMPT = Attempt.of("k" * 32, "secret")
GOOD = {"iss": "https://id.example.com", "aud": "greenroom", "sub": "u1", "nonce": ATTEMPT.nonce}


def signed(claims: dict[str, object], key: jwk.RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k"}, claims, key)


def forged(claims: dict[str, object], alg: str, mac: Callable[[bytes], bytes]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": alg, "kid": "k"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (text + b"." + base64.urlsafe_b64encode(mac(text)).rstrip(b"=")).decode()


def read(claims: dict[str, object], sign: Callable[[dict[str, object]], str] = signed) -> str:
    """What the console makes of an ID token with these claims; the error's code, or ``in``."""
    settings = ProviderSettings(
        issuer="https://id.example.com", client_id="greenroom", client_secret="s", roles={"g": "hr"}
    )
    clock = SettableClock()
    now = int(clock().timestamp())
    person = {"email": "u@example.com", "groups": "g"}
    all_claims = {"iat": now, "exp": now + 60, **GOOD, **person, **claims}
    kept = {name: value for name, value in all_claims.items() if value is not None}
    keys = {"keys": [KEY.as_dict(private=False)]}
    try:
        Provider(settings, CALLBACK).read(sign(kept), keys, ATTEMPT, clock())
    except (Unauthorized, Forbidden) as error:
        return error.code
    return "in"


def test_a_good_token_and_every_kind_of_bad_one() -> None:
    assert read({}) == "in"
    assert read({"aud": ["greenroom", "other"], "azp": "greenroom"}) == "in"
    old = int(time.time()) - 7200
    for wrong in (
        {"iss": "https://evil.example.com"},
        {"aud": "another client"},
        {"azp": "another client"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": old},
        {"exp": None},
        {"sub": None},
        {"iat": None},
    ):
        assert read(wrong) == "id_token_invalid", wrong
    stranger = jwk.RSAKey.generate_key(2048, {"kid": "k"}, private=True)
    assert read({}, lambda claims: signed(claims, stranger)) == "id_token_invalid"
    for claims, code in (
        ({"groups": ["unknown"]}, "role_missing"),
        ({"groups": None}, "role_missing"),
        ({"groups": 7}, "role_missing"),
        ({"email": None}, "email_missing"),
    ):
        assert read(claims) == code


def test_a_token_signed_with_what_is_no_secret_is_refused() -> None:
    public = KEY.as_pem(private=False)

    def mac(text: bytes) -> bytes:
        return hmac.digest(public, text, "sha256")

    assert read({}, lambda claims: forged(claims, "HS256", mac)) == "id_token_invalid"
    assert read({}, lambda claims: forged(claims, "none", lambda _: b"")) == "id_token_invalid"
