"""What is known of people rests sealed; a new key takes the place of an old one while everything goes on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from greenroom.adapters.database import Database, NewInterview
from greenroom.adapters.database.resealing import sealed_columns
from greenroom.adapters.vault import SealedUnreadable, Vault
from greenroom.domain.batch import BatchHead, CandidateRow, Resume
from greenroom.domain.decision import Decision
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.ids import new_id
from greenroom.domain.override import NewOverride
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import PLAN, Turnable

OLD, NEW = bytes(32), bytes(range(32))
PERSON = CandidateRow(
    external_id="EHR-1024",
    name="欧阳娜娜",
    email="ouyang.nana@example.com",
    resume=Resume(education="本科", keywords=["skydiving"]),
)
SECRET = "whsec_" + "QUJD" * 11
TOLD = ("欧阳娜娜", "ouyang.nana", "skydiving", SECRET, "a-note", "a-reason", "panel@", "an-answer")


@pytest.fixture
def sealing(url: str, clock: Turnable) -> Database:
    return Database(url, clock=clock, vault=Vault([OLD]))


def fill(database: Database, clock: Turnable) -> str:
    """Something in every sealed column."""
    batch, interview = new_id("bat"), new_id("itv")
    deadline = clock.now + timedelta(days=9)
    head = BatchHead(template="t", competency_model="m", deadline=deadline)
    with database.begin() as tx:
        tx.batches.create(batch, head=head, plan=PLAN, accepted=1, errors=[])
        tx.interviews.create_many(batch, [NewInterview(interview, PERSON, deadline, "zh-CN")])
        tx.evaluations.submit(interview, "usr", Evaluation(note="a-note"))
        tx.decisions.add(interview, Decision(outcome="advance", reason="a-reason"), "usr")
        tx.overrides.put(interview, "c", NewOverride(score=1, reason="a-reason"), "usr")
        tx.legal_holds.place(interview, "a-reason", "usr")
        tx.mails.queue_to(interview, "interviewer_assigned", ["panel@example.com"])
        [mail] = tx.mails.claim(1, "w", 60)
        tx.mails.failed(mail.key, "550 panel@example.com unknown", None)
        tx.idempotency.begin("s", "k", "0" * 64)
        tx.idempotency.finish("s", "k", 200, json.dumps({"name": "an-answer"}))
        endpoint = tx.webhooks.add_endpoint(WebhookEndpointRequest(url="https://e.example"), SECRET)
        tx.webhooks.rotate_secret(endpoint.id, SECRET, clock.now)
        tx.erasures.ask(PERSON.external_id, "request", "t")
    return interview


def at_rest(database: Database) -> str:
    """All of the sealed columns, as whoever copies the database would see them."""
    raw = Database(database._url)  # without a vault
    with raw.engine.connect() as connection:
        return repr(
            [
                connection.execute(sa.select(sa.type_coerce(column, sa.Text))).all()
                for column in sealed_columns()
            ]
        )


def test_nothing_of_a_person_can_be_read_at_rest(sealing: Database, clock: Turnable) -> None:
    interview = fill(sealing, clock)
    resting = at_rest(sealing)
    assert [told for told in TOLD if told in resting] == []
    with sealing.begin() as tx:
        counts = tx.resealing.counts()
        assert tx.interviews.get(interview).candidate_name == PERSON.name
        assert tx.candidates.get(PERSON.external_id) == PERSON
        assert tx.decisions.all(interview)[0].decision.reason == "a-reason"
    assert counts.keys() == {Vault([OLD]).newest} and counts[Vault([OLD]).newest] >= 14


def test_without_the_key_it_is_said_which_one_lacks(
    sealing: Database, url: str, clock: Turnable
) -> None:
    interview = fill(sealing, clock)
    with (
        pytest.raises(SealedUnreadable, match="GREENROOM_DATABASE__KEYS"),
        Database(url, vault=Vault([NEW])).begin() as tx,
    ):
        tx.interviews.get(interview)


@pytest.mark.parametrize("before", [None, Vault([OLD]), Vault([OLD], "sm4-gcm")])
def test_killed_again_and_again_all_comes_under_the_newest_key(
    url: str, clock: Turnable, before: Vault | None
) -> None:
    fill(Database(url, clock=clock, vault=before), clock)
    both = Database(url, clock=clock, vault=Vault([NEW, OLD]))
    newest = both.vault.newest if both.vault else ""
    rounds = 0
    while True:  # each run gets one text further, then its process is gone
        with both.begin() as tx:
            done = next(
                (n for c in sealed_columns() if (n := tx.resealing.reseal(c, newest, 1))), 0
            )
        rounds += done
        if not done:
            break
    assert rounds >= 14
    alone = Database(url, clock=clock, vault=Vault([NEW]))
    with alone.begin() as tx:
        assert tx.resealing.counts().keys() == {newest}
        assert tx.candidates.get(PERSON.external_id) == PERSON
        assert tx.webhooks.endpoints()[0].secret == SECRET


def test_what_is_written_meanwhile_stays(url: str, clock: Turnable) -> None:
    fill(Database(url, clock=clock, vault=Vault([OLD])), clock)
    both = Database(url, clock=clock, vault=Vault([NEW, OLD]))
    renamed = PERSON.model_copy(update={"name": "欧阳"})
    with both.begin() as tx:
        tx.candidates.save(renamed)
    for column in sealed_columns():
        with both.begin() as tx:
            tx.resealing.reseal(column, both.vault.newest if both.vault else "", 100)
    with both.begin() as tx:
        assert tx.candidates.get(PERSON.external_id) == renamed
