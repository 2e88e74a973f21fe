"""Two who save the same settings at the same moment, on PostgreSQL: the second is told, and nothing is overwritten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from functions.console.app import app
from functions.console.bank_pages import bank_fields
from functions.console.policy_pages import policy_fields
from greenroom.adapters.database import Database, Transaction
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.policy import shipped_policy
from greenroom.domain.question_bank import in_bank, shipped_bank
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.pocket import Pocket
from tests.postgres import PostgresServer, skip_without_postgres
from tests.seeded import MODEL, TEMPLATE, environment, invite, set_up

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

SHIPPED = shipped_bank().questions[0]
THEIRS = SHIPPED.model_copy(update={"text": {"zh-CN": "他人的问法", "en": "As they ask it"}})
COPY = {"from": TEMPLATE.id, "id": "ours", "name.zh-CN": "我们的", "name.en": "Ours"}
OWN = shipped_policy("cn").model_copy(update={"id": "bank-cn", "version": 1})


@pytest.fixture(scope="module")
def postgres() -> Iterator[Database]:
    skip_without_postgres()
    with PostgresServer() as server:
        database = Database(server.url)
        database.migrate()
        with database.begin() as tx:
            tx.catalogue.save_template(TEMPLATE)
            tx.catalogue.save_model(MODEL)
            tx.catalogue.keep_policy(OWN)
        yield database
        database.close()


class Console:
    """Somebody of HR at the console over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.who: SignedIn = signed_in(database)
        self._client = FunctionClient(app)

    def send(self, path: str, **fields: str) -> Answer:
        return self._client.form(f"/console{path}", self.who.form(**fields), cookie=self.who.cookie)

    def while_another(
        self, saves: Callable[[Transaction], None], path: str, **fields: str
    ) -> Answer:
        """The answer to a form that comes in when another transaction has saved and not yet committed."""
        with ThreadPoolExecutor(1) as pool:
            with self._database.begin() as tx:
                saves(tx)
                answer = pool.submit(self.send, path, **fields)
                _until(self._somebody_waits)
            return answer.result(60)

    def _somebody_waits(self) -> bool:
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        with self._database.engine.connect() as connection:
            return bool(connection.scalar(waiting))


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "nobody waited"
        time.sleep(0.02)


@pytest.fixture
def console(pocket: Pocket, postgres: Database, monkeypatch: pytest.MonkeyPatch) -> Console:
    url = postgres.engine.url.render_as_string(hide_password=False)
    for name, value in (environment(url) | pocket.environment).items():
        monkeypatch.setenv(name, value)
    set_up(app)
    return Console(postgres)


def test_a_question_worded_by_two_keeps_the_words_of_the_first(
    console: Console, postgres: Database
) -> None:
    path, ours = f"/settings/bank/{SHIPPED.id}", bank_fields(SHIPPED) | {"text.en": "As we ask it"}
    late = console.while_another(lambda tx: tx.catalogue.save_bank_question(THEIRS), path, **ours)
    assert (late.status, "As we ask it" in late.text) == (409, True)
    with postgres.begin() as tx:
        assert in_bank(tx.catalogue.bank(), SHIPPED.id) == THEIRS


def test_a_copy_made_by_two_is_the_first_ones(console: Console, postgres: Database) -> None:
    theirs = TEMPLATE.model_copy(update={"id": COPY["id"], "version": 1})
    late = console.while_another(
        lambda tx: tx.catalogue.save_template(theirs), "/settings/templates", **COPY
    )
    assert (late.status, 'id="id-wrong"' in late.text) == (409, True)
    model = MODEL.model_copy(update={"id": COPY["id"]})
    job = {"id": COPY["id"], "from": MODEL.id, "job.zh-CN": "柜员", "job.en": "Teller"}
    late = console.while_another(
        lambda tx: tx.catalogue.save_model(model), "/settings/models", **job
    )
    assert (late.status, 'id="id-wrong"' in late.text) == (409, True)
    with postgres.begin() as tx:
        assert tx.catalogue.template(COPY["id"]) == theirs
        assert tx.catalogue.model(COPY["id"]) == model


def test_a_policy_saved_by_two_is_told_in_words(console: Console, postgres: Database) -> None:
    theirs = OWN.model_copy(update={"version": 2, "mail_tracking": True})
    form = policy_fields(OWN) | {"retention.recordings_days": "33"}
    path = f"/settings/policies/{OWN.id}"
    late = console.while_another(lambda tx: tx.catalogue.keep_policy(theirs), path, **form)
    assert (late.status, "policy_changed" in late.text) == (409, True)
    with postgres.begin() as tx:
        assert tx.catalogue.policy(OWN.id) == theirs


def test_a_draft_on_its_way_undoes_no_submission(console: Console, postgres: Database) -> None:
    (interview,) = invite(postgres)

    def submits(tx: Transaction) -> None:
        tx.interviews.hold(interview)
        tx.evaluations.submit(interview, console.who.user, Evaluation(note="Submitted"))

    path = f"/interviews/{interview}/evaluation"
    late = console.while_another(submits, path, action="draft", note="A draft")
    assert (late.status, late.json()["code"]) == (409, "evaluation_submitted")
    with postgres.begin() as tx:
        (stands,) = tx.evaluations.submitted(interview)
    assert stands.evaluation.note == "Submitted"
