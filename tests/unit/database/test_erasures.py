"""Rows of an erasure on SQLite and PostgreSQL: which go, which stay, and what the search finds."""

from __future__ import annotations

import threading

import pytest

from greenroom.adapters.database import Database, NewInterview
from greenroom.adapters.database.engine import Transaction
from greenroom.domain.batch import CandidateRow
from greenroom.domain.erasure import ErasureState
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.events import EventType
from tests.unit.database.conftest import Invite, Turnable


def asked(tx: Transaction, interview: str) -> str:
    return tx.erasures.ask(tx.interviews.get(interview).candidate_external_id, "request", "t").id


def test_rows_go_and_one_step_stays(database: Database, invite: Invite) -> None:
    (erased, kept) = invite(2)
    with database.begin() as tx:
        for interview in (erased, kept):
            tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
            tx.mails.queue_next(interview, "invitation_created")
        erasure = asked(tx, erased)
        person = tx.erasures.get(erasure).person
    for _ in range(2):
        with database.begin() as tx:
            tx.erasures.remove_rows(erasure, tx.process_log)
    with database.begin() as tx:
        assert tx.erasures.get(erasure).state == ErasureState.SHUT
        assert tx.erasures.get(erasure).rows["mails"] == 1
        assert [step.seq for step in tx.process_log.list(erased)] == [2]
        assert len(tx.process_log.list(kept)) == 1
        with pytest.raises(NotFound):
            tx.interviews.get(erased)
        assert person is not None
        assert tx.erasures.search([person.external_id, "nobody@example.com"], [erased]) == []
        assert [one.place for one in tx.erasures.search([], [kept])] == [
            "interviews.id",
            "answers.interview_id",
            "mails.interview_id",
        ]


def test_an_erased_interview_is_not_made_again(database: Database, invite: Invite) -> None:
    (erased,) = invite()
    with database.begin() as tx:
        row = tx.interviews.get(erased)
        tx.erasures.remove_rows(asked(tx, erased), tx.process_log)
        candidate = CandidateRow(external_id="x", name="x", email="x@example.com")
        again = NewInterview(erased, candidate, row.deadline, "en")
        assert tx.interviews.create_many(row.batch_id, [again]) == []
        assert tx.batches.get(row.batch_id).accepted == 0


def test_a_search_tells_a_short_word_from_a_part_of_another(
    database: Database, clock: Turnable
) -> None:
    people = (
        CandidateRow(external_id="7", name="Li", email="li@example.com"),
        CandidateRow(external_id="77", name="Linda 李明", email="linda@example.com"),
    )
    with database.begin() as tx:
        for person in people:
            tx.candidates.save(person)
        tx.idempotency.begin("s", "k", "0" * 64)
        tx.idempotency.finish("s", "k", 200, '{"candidate":"7","note":"\\u674e\\u660e"}')

        def found(word: str) -> dict[str, int]:
            return {one.place: one.count for one in tx.erasures.search([word], [])}

        assert found("7") == {"candidates.external_id": 1, "idempotency.body": 1}
        assert found("Li") == {"candidates.name": 1}
        assert found("李明") == {"candidates.name": 1, "idempotency.body": 1}
        assert found("100%") == {}


def test_a_step_written_meanwhile_is_waited_for_or_refused(
    database: Database, invite: Invite
) -> None:
    """Whoever writes for an interview at the same time is either before the erasure or finds it gone."""
    (erased,) = invite()
    begun, gone = threading.Event(), threading.Event()
    outcome: list[str] = []

    def write() -> None:
        begun.wait(20)
        try:
            with database.begin() as tx:
                tx.process_log.append(erased, EventType.INTERVIEW_OPENED)
                tx.mails.queue_next(erased, "late")
            outcome.append("written")
        except (NotFound, Conflict) as error:
            outcome.append(error.code)
        gone.set()

    thread = threading.Thread(target=write)
    thread.start()
    with database.begin() as tx:
        erasure = asked(tx, erased)
        begun.set()
        gone.wait(0.2)
        tx.erasures.remove_rows(erasure, tx.process_log)
    thread.join(30)
    assert outcome == ["unknown_interview"]
    with database.begin() as tx:
        assert [step.type for step in tx.process_log.list(erased)] == [EventType.CANDIDATE_ERASED]
        assert [one.place for one in tx.erasures.search([], [erased])] == []


def test_an_answer_kept_for_one_interview_goes_with_it(database: Database, invite: Invite) -> None:
    (erased, kept) = invite(2)
    with database.begin() as tx:
        for interview in (erased, kept):
            tx.idempotency.begin(f"bulk:usr:{interview}", "key", "")
            tx.idempotency.finish(f"bulk:usr:{interview}", "key", 200, "done")
        erasure = asked(tx, erased)
        tx.erasures.remove_rows(erasure, tx.process_log)
    with database.begin() as tx:
        assert [one.place for one in tx.erasures.search([], [erased])] == []
        assert tx.erasures.search([], [kept]) != []
