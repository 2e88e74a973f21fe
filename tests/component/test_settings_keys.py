"""Settings, API keys: made with scopes, shown once, rotated with overlap, revoked."""

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, set_up

KEYS = "/console/settings/keys"
SECRET = re.compile(r'<code class="secret">([^<]+)</code>')
WANTED = {"name": "EHR", "scope:interviews:read": "on", "once": "one-copy-of-a-form"}


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def admin(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database, Role.ADMIN)


def send(client: FunctionClient, who: SignedIn, path: str = "", **fields: str) -> Answer:
    return client.form(KEYS + path, who.form(**fields), cookie=who.cookie)


def opens(client: FunctionClient, key: str) -> bool:
    return client.get("/v1/interviews", authorization=f"Bearer {key}").status == 200


def test_a_key_is_made_once_and_works(
    client: FunctionClient, database: Database, admin: SignedIn
) -> None:
    shown = [SECRET.findall(send(client, admin, **WANTED).text) for _ in range(2)]
    ((key,), again) = shown
    assert again == [key]
    assert opens(client, key)
    assert key not in client.get(KEYS, cookie=admin.cookie).text
    with database.begin() as tx:
        (row,) = tx.api_keys.list()
    assert row.scopes == ["interviews:read"]


def test_a_rotated_key_overlaps_and_a_revoked_one_is_over(
    client: FunctionClient, database: Database, admin: SignedIn
) -> None:
    (old,) = SECRET.findall(send(client, admin, **WANTED).text)
    with database.begin() as tx:
        (row,) = tx.api_keys.list()
    wish = {"overlap_hours": "24", "once": "rotating-this-key"}
    answers = [send(client, admin, f"/{row.id}/rotate", **wish) for _ in range(2)]
    ((new,), again) = [SECRET.findall(answer.text) for answer in answers]
    assert again == [new]
    assert opens(client, old) and opens(client, new)
    for _ in range(2):
        assert send(client, admin, f"/{row.id}/revoke").status == 303
    assert not opens(client, old) and opens(client, new)
    with database.begin() as tx:
        acts = [entry.act.action for entry in tx.audit.find()]
    made = [act for act in reversed(acts) if act.startswith("api_key.")]
    assert made == ["api_key.created", "api_key.rotated", "api_key.revoked"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"scope:interviews:read": None}, "scopes"),
        ({"expires_at": "2001-01-01"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
    ],
)
def test_a_wrong_form_comes_back_as_it_was_with_the_reason_beside_its_field(
    client: FunctionClient,
    database: Database,
    admin: SignedIn,
    changed: dict[str, str | None],
    field: str,
) -> None:
    fields = {name: text for name, text in {**WANTED, **changed}.items() if text is not None}
    answer = send(client, admin, **fields)
    assert answer.status == 422
    assert re.findall(r'id="(\w+)-wrong"', answer.text) == [field]
    assert ('name="scope:interviews:read" checked' in answer.text) == (
        "scope:interviews:read" in fields
    )
    assert f'value="{fields["name"]}"' in answer.text
    with database.begin() as tx:
        assert tx.api_keys.list() == []
