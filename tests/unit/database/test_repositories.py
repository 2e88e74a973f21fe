"""What the repositories promise: compare-and-set, nothing twice, order, one holder at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from greenroom.adapters.database import AttemptMade, Database, NewMail
from greenroom.adapters.database.tables import metadata
from greenroom.domain.consent import PURPOSES, Consents
from greenroom.domain.errors import Conflict, NotFound
from greenroom.domain.events import EventType
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import MODEL, TEMPLATE, Invite, Turnable

SHA, OTHER = "0" * 64, "1" * 64


def at_once(count: int, run: Callable[[int], object]) -> list[object]:
    """Run in as many threads at the same time; what each returned or raised."""
    outcomes: list[object] = [None] * count
    together = threading.Barrier(count)

    def one(number: int) -> None:
        together.wait(10)
        try:
            outcomes[number] = run(number)
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    database.migrate()  # again: nothing to do
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_two_processes_may_migrate_at_once(bare_url: str) -> None:
    assert at_once(4, lambda _: Database(bare_url).migrate()) == [None] * 4


def test_the_catalogue_keeps_and_replaces(database: Database) -> None:
    with database.begin() as tx:
        for _ in range(2):
            tx.catalogue.save_template(TEMPLATE)
            tx.catalogue.save_model(MODEL)
        assert tx.catalogue.template("t") == TEMPLATE
        assert tx.catalogue.models() == [MODEL]
        with pytest.raises(NotFound) as caught:
            tx.catalogue.template("x")
        assert caught.value.code == "unknown_template"


def test_moves_hold_once_and_only_along_the_diagram(database: Database, invite: Invite) -> None:
    [interview] = invite()
    with database.begin() as tx:
        assert not tx.interviews.move(interview, InterviewState.SCORED)
        assert not tx.interviews.move(
            interview, InterviewState.OPENED, frm=[InterviewState.INVITED]
        )
        assert tx.interviews.move(interview, InterviewState.OPENED)
        assert not tx.interviews.move(interview, InterviewState.OPENED)


def test_one_of_many_movers_wins(database: Database, invite: Invite) -> None:
    [interview] = invite()

    def move(_: int) -> bool:
        with database.begin() as tx:
            return tx.interviews.move(interview, InterviewState.OPENED)

    assert sorted(at_once(8, move)) == [False] * 7 + [True]


def test_steps_are_numbered_without_hole_or_repeat(database: Database, invite: Invite) -> None:
    [interview] = invite()

    def append(number: int) -> None:
        for index in range(5):
            with database.begin() as tx:
                tx.process_log.append(interview, EventType.CONSENT_GIVEN, once=f"mark{index}")
                tx.process_log.append(interview, EventType.ANSWER_STARTED, {"by": number})

    assert at_once(8, append) == [None] * 8
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    assert [row.seq for row in rows] == list(range(1, 46))
    assert len({row.event.id for row in rows}) == 45
    assert sum(row.type == EventType.CONSENT_GIVEN for row in rows) == 5


def test_who_wrote_about_an_interview_can_still_change_it(
    database: Database, invite: Invite
) -> None:
    """Each has a row that points to the interview, and then wants the interview itself."""
    [interview] = invite()
    both = threading.Barrier(2 if database.engine.dialect.name == "postgresql" else 1)

    def write(number: int) -> None:
        with database.begin() as tx:
            tx.mails.queue_many([NewMail(interview, "created", number)])
            both.wait(10)
            tx.interviews.set_flag(interview, f"flag{number}")
            tx.interviews.give_consents(interview, Consents(recording=True))
            tx.process_log.append(interview, EventType.CONSENT_GIVEN, once="given")

    assert at_once(2, write) == [None, None]
    with database.begin() as tx:
        assert tx.interviews.get(interview).flags == ["flag0", "flag1"]
        assert len(tx.process_log.list(interview)) == 1


def test_a_step_rolled_back_was_never_there(database: Database, invite: Invite) -> None:
    [interview] = invite()
    with pytest.raises(ZeroDivisionError), database.begin() as tx:
        tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
        raise ZeroDivisionError
    with database.begin() as tx:
        row = tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
    assert row is not None
    assert row.seq == 1


def test_creating_interviews_again_changes_nothing(database: Database, invite: Invite) -> None:
    ids = invite(3)
    with database.begin() as tx:
        found = tx.interviews.many(ids)
        batch = found[ids[0]].batch_id
        assert {row.state for row in found.values()} == {InterviewState.CREATED}
        assert [answer.answer_id for answer in tx.interviews.answers(ids[0])] == ["q1", "q2"]
        assert tx.interviews.counts(batch) == {InterviewState.CREATED: 3}


def test_pages_meet_without_gap_or_overlap(database: Database, invite: Invite) -> None:
    ids = set(invite(25))
    seen: list[str] = []
    after = None
    with database.begin() as tx:
        while page := tx.interviews.find(limit=7, after=after):
            seen += [row.id for row in page]
            after = page[-1].id
        assert tx.interviews.find(state=InterviewState.SCORED) == []
    assert len(seen) == len(ids)
    assert set(seen) == ids


def test_an_attempt_is_sealed_once_and_the_newest_seal_is_in_focus(
    database: Database, invite: Invite
) -> None:
    [interview] = invite()
    first, second = (AttemptRef(interview, "q1", number) for number in (1, 2))
    with database.begin() as tx:
        assert tx.interviews.start_attempt(interview, "q1").attempt == 1
        assert tx.interviews.start_attempt(interview, "q1").attempt == 2
        assert tx.interviews.seal_attempt(second, SHA)
        assert not tx.interviews.seal_attempt(second, SHA)
        assert tx.interviews.seal_attempt(first, SHA)
        answer = tx.interviews.answer(interview, "q1")
        assert (answer.attempt, answer.state, answer.seals) == (2, AnswerState.SEALED, 2)
        assert not tx.interviews.move_answer(first, AnswerState.ASSEMBLED)
        assert tx.interviews.move_answer(second, AnswerState.ASSEMBLED)
        assert not tx.interviews.move_answer(second, AnswerState.ASSEMBLED)
    with pytest.raises(Conflict) as caught, database.begin() as tx:
        tx.interviews.seal_attempt(second, OTHER)
    assert caught.value.code == "manifest_differs"


def test_attempts_started_at_once_get_numbers_of_their_own(
    database: Database, invite: Invite
) -> None:
    [interview] = invite()

    def start(_: int) -> int:
        with database.begin() as tx:
            return tx.interviews.start_attempt(interview, "q1").attempt

    assert sorted(at_once(6, start)) == [1, 2, 3, 4, 5, 6]


def test_stuck_answers_are_found_by_age(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    ref = AttemptRef(interview, "q1", 1)
    with database.begin() as tx:
        tx.interviews.start_attempt(interview, "q1")
        tx.interviews.seal_attempt(ref, SHA)
        assert tx.interviews.stale(AnswerState.SEALED, clock.now, 10) == []
        clock.turn(minutes=5)
        assert tx.interviews.stale(AnswerState.SEALED, clock.now, 10) == [ref]


def test_consents_are_kept_with_their_history(database: Database, invite: Invite) -> None:
    [interview] = invite()
    given, withdrawn = Consents(recording=True, face=True), Consents(recording=True)
    with database.begin() as tx:
        assert tx.interviews.consents(interview) is None
        assert tx.interviews.give_consents(interview, given)
        assert not tx.interviews.give_consents(interview, given)
        assert tx.interviews.give_consents(interview, withdrawn)
        assert tx.interviews.consents(interview) == withdrawn
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM consents")) == 2 * len(PURPOSES)


def test_a_mail_is_claimed_by_one_sender(database: Database, invite: Invite) -> None:
    ids = invite(20)
    with database.begin() as tx:
        for _ in range(2):
            tx.mails.queue_many([NewMail(interview, "created", 1) for interview in ids])

    def claim_all(number: int) -> list[str]:
        mine: list[str] = []
        while True:
            with database.begin() as tx:
                mails = tx.mails.claim(3, f"owner{number}", 60, interview_ids=ids)
            if not mails:
                return mine
            mine += [mail.interview_id for mail in mails]

    claimed = [interview for mails in at_once(4, claim_all) for interview in mails]
    assert sorted(claimed) == sorted(ids)


def test_a_lease_that_ran_out_is_free_again(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.mails.queue_many([NewMail(interview, "created", 1)])
        [mail] = tx.mails.claim(5, "one", 60)
        assert tx.mails.claim(5, "two", 60) == []
        clock.turn(seconds=61)
        assert tx.mails.claim(5, "two", 60) == [mail]
        tx.mails.failed(mail.key, "busy", clock.now + timedelta(minutes=1))
        assert tx.mails.claim(5, "two", 60) == []
        clock.turn(minutes=2)
        [again] = tx.mails.claim(5, "two", 60)
        assert again.attempts == 1
        tx.mails.sent([again.key])
        clock.turn(minutes=2)
        assert tx.mails.claim(5, "two", 60) == []


def steps(database: Database, interview: str, count: int) -> None:
    with database.begin() as tx:
        for _ in range(count):
            row = tx.process_log.append(interview, EventType.CONSENT_GIVEN)
            assert row is not None
            tx.webhooks.fan_out(row.event)
            tx.webhooks.fan_out(row.event)


def attempt(at: datetime, status: int | None, error: str | None = None) -> AttemptMade:
    return AttemptMade(at, 1, "http://ehr.example/hook", status, None, error)


def endpoint(database: Database, url: str = "http://ehr.example/hook") -> str:
    with database.begin() as tx:
        return tx.webhooks.add_endpoint(WebhookEndpointRequest(url=url), "whsec_x").id


def test_only_the_head_of_an_interview_is_delivered(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    ids = invite(2)
    endpoint(database)
    for interview in ids:
        steps(database, interview, 3)
    with database.begin() as tx:
        heads = tx.webhooks.claim_due("one", 60, 100)
        assert [
            (head.row.interview_id, head.row.seq)
            for head in sorted(heads, key=lambda h: h.row.interview_id)
        ] == [(interview, 1) for interview in sorted(ids)]
        assert tx.webhooks.claim_due("two", 60, 100) == []
        first, second = heads
        tx.webhooks.delivered([(first, attempt(clock.now, 204))])
        tx.webhooks.failed(
            second, attempt(clock.now, 500, "down"), clock.now + timedelta(minutes=5)
        )
        [following] = tx.webhooks.claim_due("two", 60, 100)
        assert (following.row.interview_id, following.row.seq) == (first.row.interview_id, 2)
        clock.turn(minutes=6)
        claimed = tx.webhooks.claim_due("three", 60, 100)
        again = {(item.row.interview_id, item.row.seq) for item in claimed}
        assert (second.row.interview_id, 1) in again


def test_one_worker_at_a_time_holds_a_head(database: Database, invite: Invite) -> None:
    [interview] = invite()
    endpoint(database)
    steps(database, interview, 2)

    def claim(number: int) -> int:
        with database.begin() as tx:
            return len(tx.webhooks.claim(interview, f"owner{number}", 60, 10))

    assert sorted(at_once(6, claim)) == [0] * 5 + [1]


def test_a_failure_that_comes_too_late_does_not_end_the_next_lease(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    endpoint(database)
    steps(database, interview, 1)
    with database.begin() as tx:
        [slow] = tx.webhooks.claim(interview, "slow", 60, 10)
        clock.turn(seconds=61)
        [held] = tx.webhooks.claim(interview, "next", 60, 10)
        tx.webhooks.failed(slow, attempt(clock.now, None, "timed out"), clock.now)
        assert tx.webhooks.claim(interview, "third", 60, 10) == []
        tx.webhooks.delivered([(held, attempt(clock.now, 204))])
        [done] = tx.webhooks.deliveries(interview_id=interview)
        assert (done.state, done.attempts, done.last_error) == ("delivered", 0, None)


def test_what_is_asked_for_again_while_it_is_on_its_way_is_still_owed(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    where = endpoint(database)
    steps(database, interview, 1)
    with database.begin() as tx:
        [first] = tx.webhooks.claim(interview, "one", 60, 10)
        tx.webhooks.resend(where, first.row.event_id)
        tx.webhooks.delivered([(first, attempt(clock.now, 204))])
        [again] = tx.webhooks.claim(interview, "one", 60, 10)
        assert again.row.event_id == first.row.event_id
        tx.webhooks.delivered([(again, attempt(clock.now, 204))])
        assert tx.webhooks.delivery(where, first.row.event_id).state == "delivered"
        assert tx.webhooks.claim(interview, "one", 60, 10) == []


def test_a_dead_delivery_lets_the_later_ones_pass_and_can_be_sent_again(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    where = endpoint(database)
    steps(database, interview, 2)
    with database.begin() as tx:
        [head] = tx.webhooks.claim(interview, "one", 60, 10)
        tx.webhooks.failed(head, attempt(clock.now, 410, "gone"), None)
        [following] = tx.webhooks.claim(interview, "one", 60, 10)
        assert following.row.seq == 2
        assert tx.webhooks.resend(where, head.row.event_id) == (interview, 1)
        assert tx.webhooks.delivery(where, head.row.event_id).state == "pending"


def test_an_endpoint_is_registered_once_and_gets_nothing_from_before(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        early = tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
    clock.turn(seconds=1)
    where = endpoint(database)
    with pytest.raises(Conflict) as caught:
        endpoint(database)
    assert caught.value.code == "endpoint_exists"
    with database.begin() as tx:
        assert early is not None
        tx.webhooks.fan_out(early.event)
        assert tx.webhooks.deliveries(interview_id=interview) == []
        tx.webhooks.disable_endpoint(where, "removed")
    steps(database, interview, 1)
    with database.begin() as tx:
        assert tx.webhooks.deliveries(interview_id=interview) == []
    assert endpoint(database) != where


def test_an_idempotency_key_has_one_holder(
    database: Database, clock: Turnable, invite: Invite
) -> None:
    def begin(_: int) -> object:
        with database.begin() as tx:
            return tx.idempotency.begin("batches", "k1", "f")

    outcomes = at_once(6, begin)
    assert outcomes.count(None) == 1
    assert (
        sum(isinstance(found, Conflict) and found.code == "in_progress" for found in outcomes) == 5
    )
    with database.begin() as tx:
        tx.idempotency.finish("batches", "k1", 202, "{}")
        stored = tx.idempotency.begin("batches", "k1", "f")
        assert stored is not None
        assert (stored.status, stored.body) == (202, "{}")
    with pytest.raises(Conflict) as caught, database.begin() as tx:
        tx.idempotency.begin("batches", "k1", "other")
    assert caught.value.code == "idempotency_key_reused"
    clock.turn(hours=25)
    with database.begin() as tx:
        assert tx.idempotency.begin("batches", "k1", "other") is None
        tx.idempotency.abandon("batches", "k1")
        assert tx.idempotency.begin("batches", "k1", "f") is None
