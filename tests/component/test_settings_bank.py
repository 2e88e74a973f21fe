"""Settings, the question bank: the company's own questions, and shipped ones in its own words."""

from __future__ import annotations

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.question_bank import BankQuestion, choose_questions, in_bank, shipped_bank
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import MODEL, SettableClock, set_up

BANK = "/console/settings/bank"
FIRST = shipped_bank().questions[0]
NEW = {
    "id": "vault-1",
    "competency": "service",
    "kind": "behaviour",
    "keywords": "金库， 现金,cash、cash",
    "text.zh-CN": "请讲述一次现金差错的处理。",
    "text.en": "Tell us how you handled a cash difference.",
}


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(app, SettableClock())
    with database.begin() as tx:
        tx.catalogue.save_model(MODEL)
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


def send(client: FunctionClient, who: SignedIn, name: str, **fields: str) -> Answer:
    return client.form(f"{BANK}/{name}", who.form(**fields), cookie=who.cookie)


def in_use(database: Database, question: str) -> BankQuestion:
    with database.begin() as tx:
        return in_bank(tx.catalogue.bank(), question)


def hidden(page: Answer) -> str:
    found = re.search(r'name="was" value="(\w*)"', page.text)
    assert found
    return found[1]


def test_a_question_of_ones_own_is_asked_where_it_fits(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    for _ in range(2):
        assert send(client, hr, "new", **NEW).status == 303
    assert in_use(database, "vault-1").keywords == ["金库", "现金", "cash"]
    with database.begin() as tx:
        bank = tx.catalogue.bank()
        saved = [one for one in tx.audit.find() if one.act.action == "bank_question.saved"]
    assert len(saved) == 1
    assert bank.version.startswith(f"{shipped_bank().version}+")
    chosen = choose_questions(MODEL, ["Cash"], 2, bank=bank)
    assert "vault-1" in [one.id for one in chosen]
    other = send(client, hr, "new", **{**NEW, "text.en": "Another"})
    assert other.status == 409 and 'id="id-wrong"' in other.text and "Another" in other.text


def test_a_shipped_question_is_worded_anew_and_retired(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    page = client.get(f"{BANK}/{FIRST.id}", cookie=hr.cookie)
    fields = {
        "was": hidden(page),
        "competency": FIRST.competency,
        "kind": FIRST.kind,
        "text.zh-CN": "我们自己的说法",
    }
    assert send(client, hr, FIRST.id, **fields).status == 303
    assert in_use(database, FIRST.id).text == {"zh-CN": "我们自己的说法"}
    # Sent again it is done already; another change to what is no more there is refused.
    assert send(client, hr, FIRST.id, **fields).status == 303
    late = send(client, hr, FIRST.id, **{**fields, "text.zh-CN": "另一种"})
    assert late.status == 409 and "bank_question_changed" in late.text and "另一种" in late.text
    now = hidden(client.get(f"{BANK}/{FIRST.id}", cookie=hr.cookie))
    assert send(client, hr, FIRST.id, **{**fields, "was": now, "retired": "yes"}).status == 303
    with database.begin() as tx:
        bank = tx.catalogue.bank()
        models = [MODEL.model_copy(update={"id": FIRST.competency})]
    assert in_bank(bank, FIRST.id).retired
    for model in models:
        assert FIRST.id not in [one.id for one in choose_questions(model, [], 30, bank=bank)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": "Vault 1"}, "id"),
        ({"id": "new"}, "id"),
        ({"kind": "riddle"}, "kind"),
        ({"competency": ""}, "competency"),
        ({"keywords": "k" * 51}, "keywords"),
        ({"text.zh-CN": "", "text.en": ""}, "text.zh-CN"),
    ],
)
def test_what_does_not_fit_comes_back(
    client: FunctionClient, hr: SignedIn, changed: dict[str, str], field: str
) -> None:
    answer = send(client, hr, "new", **{**NEW, **changed})
    assert 400 <= answer.status < 500
    assert re.findall(r'id="([\w.-]+)-wrong"', answer.text) == [field]


def test_the_list_is_filtered(client: FunctionClient, hr: SignedIn) -> None:
    send(client, hr, "new", **NEW)
    everything = client.get(BANK, cookie=hr.cookie).text
    assert FIRST.id in everything and "vault-1" in everything
    found = client.get(f"{BANK}?q=CASH&competency=service&kind=behaviour", cookie=hr.cookie).text
    assert "vault-1" in found and FIRST.id + "<" not in found
    nothing = client.get(f"{BANK}?q=%3Cscript%3E", cookie=hr.cookie).text
    assert 'class="empty"' in nothing and "<script>" not in nothing
    assert client.get(f"{BANK}/none", cookie=hr.cookie).status == 404
