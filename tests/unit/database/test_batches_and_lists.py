"""Batches from the first slice to the last mail, and the lists that HR reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenroom.adapters.database import Database, MailCounts, NewInterview, NewMail
from greenroom.domain.batch import BatchHead, CandidateRow, Resume, RowError
from greenroom.domain.errors import NotFound
from greenroom.domain.events import EventType
from greenroom.domain.interview import INVITATION, AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from tests.unit.database.conftest import MODEL, PLAN, TEMPLATE, Invite, Turnable

SHA = "0" * 64
BATCH = "bat_aaaaaaaaaaaaaaaaaaaa"


@pytest.fixture
def head(clock: Turnable) -> BatchHead:
    return BatchHead(template="t", competency_model="m", deadline=clock.now + timedelta(days=3))


def one(interview: str, head: BatchHead, *, email: str = "a@example.com") -> NewInterview:
    candidate = CandidateRow(
        external_id="7", name="李明", email=email, resume=Resume(education="MSc")
    )
    return NewInterview(interview, candidate, head.deadline, "en")


def test_a_batch_is_created_once_and_keeps_its_plan(
    database: Database, head: BatchHead, clock: Turnable
) -> None:
    errors = [RowError(row=3, code="invalid_row", field="email", message="不对")]
    with database.begin() as tx:
        assert tx.batches.create(BATCH, head=head, plan=PLAN, accepted=2, errors=errors)
        assert not tx.batches.create(BATCH, head=head, plan=PLAN, accepted=9, errors=[])
        tx.catalogue.save_template(TEMPLATE.model_copy(update={"version": 2}))
        tx.catalogue.save_model(MODEL.model_copy(update={"version": 2}))
        batch = tx.batches.get(BATCH)
    assert (batch.state, batch.accepted, batch.errors, batch.plan) == ("accepted", 2, errors, PLAN)
    assert (batch.deadline, batch.created_at) == (head.deadline, clock.now)
    with pytest.raises(NotFound) as caught, database.begin() as tx:
        tx.batches.get("bat_none")
    assert caught.value.code == "unknown_batch"


def test_a_batch_is_unfinished_until_it_is_finished(
    database: Database, head: BatchHead, clock: Turnable
) -> None:
    with database.begin() as tx:
        tx.batches.create(BATCH, head=head, plan=PLAN, accepted=2, errors=[])
        assert tx.batches.unfinished(clock.now, 5) == []
        clock.turn(minutes=1)
        assert [batch.id for batch in tx.batches.unfinished(clock.now, 5)] == [BATCH]
        assert tx.batches.finish(BATCH)
        assert not tx.batches.finish(BATCH)
        assert tx.batches.unfinished(clock.now, 5) == []


def test_a_slice_read_again_creates_nothing_and_brings_nothing_old_back(
    database: Database, head: BatchHead
) -> None:
    first, second = "itv_first", "itv_second"
    with database.begin() as tx:
        for batch in (BATCH, "bat_b"):
            tx.batches.create(batch, head=head, plan=PLAN, accepted=1, errors=[])
        assert tx.interviews.create_many(BATCH, [one(first, head, email="old@example.com")]) == [
            first
        ]
        assert tx.interviews.create_many("bat_b", [one(second, head)]) == [second]
        again = [one(first, head, email="old@example.com")]
        assert tx.interviews.create_many(BATCH, again) == []
        assert tx.interviews.get(first).candidate_email == "a@example.com"
        assert len(tx.interviews.answers(first)) == 2
        with pytest.raises(NotFound):
            tx.interviews.create_many("bat_none", again)


def test_a_list_is_narrowed_by_state_and_batch(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    early = invite(3)
    clock.turn(seconds=1)
    late = invite(2)
    with database.begin() as tx:
        tx.interviews.move_many([early[0], late[0]], InterviewState.INVITED)
        batch = tx.interviews.get(early[0]).batch_id
        invited = tx.interviews.find(state=InterviewState.INVITED)
        assert [row.id for row in invited] == [late[0], early[0]]
        assert {row.id for row in tx.interviews.find(batch=batch)} == set(early)
        both = tx.interviews.find(batch=batch, state=InterviewState.INVITED)
        assert [row.id for row in both] == [early[0]]
        assert tx.interviews.find(state=InterviewState.INVITED, after=late[0]) == both
        assert tx.interviews.counts(batch) == {
            InterviewState.CREATED: 2,
            InterviewState.INVITED: 1,
        }
        with pytest.raises(NotFound):
            tx.interviews.find(after="itv_none")


def test_several_move_only_where_the_move_holds(database: Database, invite: Invite) -> None:
    first, second = invite(2)
    with database.begin() as tx:
        tx.interviews.move(first, InterviewState.CANCELLED)
        tx.interviews.move_many([first, second, "itv_none"], InterviewState.INVITED)
        states = {row.id: row.state for row in tx.interviews.many([first, second]).values()}
    assert states == {first: InterviewState.CANCELLED, second: InterviewState.INVITED}


def test_a_step_of_several_is_a_step_of_each(database: Database, invite: Invite) -> None:
    first, second = invite(2)
    with database.begin() as tx:
        tx.process_log.append(first, EventType.INTERVIEW_CREATED)
        details: dict[str, dict[str, object]] = {first: {"n": 1}, second: {"n": 2}, "itv_none": {}}
        rows = tx.process_log.append_many(EventType.INTERVIEW_INVITED, details)
        assert {(row.interview_id, row.seq) for row in rows} == {(first, 2), (second, 1)}
        assert tx.process_log.event(first, 2).data.details == {"n": 1}
        assert len(tx.process_log.appended) == 3


def test_steps_are_unpublished_until_they_are_marked(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        for _ in range(3):
            tx.process_log.append(interview, EventType.CONSENT_GIVEN)
        assert tx.process_log.unpublished(clock.now, 10) == []
        clock.turn(seconds=1)
        tx.process_log.mark_published([(interview, 1), (interview, 3)])
        assert [row.seq for row in tx.process_log.unpublished(clock.now, 10)] == [2]
        with pytest.raises(NotFound) as caught:
            tx.process_log.event(interview, 4)
    assert caught.value.code == "unknown_event"


def test_an_event_tells_the_state_of_its_moment(database: Database, invite: Invite) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
        tx.interviews.move(interview, InterviewState.CANCELLED)
        tx.process_log.append(interview, EventType.INTERVIEW_CANCELLED)
        data = [row.event.data for row in tx.process_log.list(interview)]
    assert [(item.state, item.ehr_status) for item in data] == [
        ("created", "待面试"),
        ("cancelled", "已取消"),
    ]


def test_mails_are_counted_by_what_became_of_them(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    ids = invite(4)
    with database.begin() as tx:
        tx.mails.queue_many([NewMail(interview, INVITATION, 1) for interview in ids])
        first, second, third, _ = tx.mails.claim(10, "o", 60)
        assert set(tx.mails.sent([first.key, second.key])) == {first.key, second.key}
        assert tx.mails.sent([first.key]) == []
        assert tx.mails.sent([]) == []
        tx.mails.failed(third.key, "no such mailbox", None)
        tx.mails.failed(first.key, "late news", clock.now)
        batch = tx.interviews.get(ids[0]).batch_id
        assert tx.mails.counts(batch) == MailCounts(sent=2, pending=1, dead=1)


def test_scores_and_flags_are_kept(database: Database, invite: Invite) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.interviews.record_score(interview, 70.5, {"c": 70.5, "d": None})
        tx.interviews.record_score(interview, None, {"c": None, "d": 1.0})
        assert tx.interviews.scores(interview) == {"c": None, "d": 1.0}
        for flag in ("b", "a", "a"):
            tx.interviews.set_flag(interview, flag)
        tx.interviews.clear_flag(interview, "b")
        row = tx.interviews.get(interview)
        assert (row.total_score, row.flags) == (None, ["a"])
        with pytest.raises(NotFound):
            tx.interviews.set_flag("itv_none", "a")


def test_a_submitted_interview_is_unscored_once_its_answers_are_settled(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    path = (InterviewState.OPENED, InterviewState.IN_PROGRESS, InterviewState.SUBMITTED)

    def unscored() -> list[str]:
        with database.begin() as tx:
            return tx.unscored.find(clock.now, 10)

    def settle(answer: str, *moves: AnswerState) -> None:
        ref = AttemptRef(interview, answer, 1)
        with database.begin() as tx:
            tx.interviews.start_attempt(interview, answer)
            tx.interviews.seal_attempt(ref, SHA)
            assert all(tx.interviews.move_answer(ref, state) for state in moves)

    with database.begin() as tx:
        assert all(tx.interviews.move(interview, state) for state in path)
        assert tx.interviews.get(interview).submitted_at == clock.now
    clock.turn(minutes=1)
    settle("q1", AnswerState.ASSEMBLED, AnswerState.CHECKED, AnswerState.ANALYSED)
    assert unscored() == []
    settle("q2", AnswerState.ASSEMBLED, AnswerState.RE_RECORD)
    assert unscored() == [interview]
    with database.begin() as tx:
        tx.interviews.move(interview, InterviewState.SCORED)
    assert unscored() == []


def test_api_keys_are_found_by_id(database: Database) -> None:
    with database.begin() as tx:
        tx.api_keys.add("k", SHA, ["batches:write"], "EHR")
        found = tx.api_keys.get("k")
        assert found is not None
        assert (found.sha256, found.scopes, found.name) == (SHA, ["batches:write"], "EHR")
        assert tx.api_keys.get("other") is None
