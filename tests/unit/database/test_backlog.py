"""What waits, what was done and what was lost, as the database counts it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from greenroom.adapters.database import Database
from greenroom.adapters.database.backlog import STAGES, WINDOW
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import Invite, Turnable


def waiting(database: Database) -> dict[str, tuple[int, float | None]]:
    """Of each stage where something waits: how many, and for how many seconds the oldest does."""
    with database.reading() as tx:
        return {
            one.stage: (one.items, (tx.clock() - one.oldest).total_seconds())
            for one in tx.backlog.waiting()
            if one.oldest is not None
        }


def test_every_stage_is_told_of_where_there_is_nothing(database: Database) -> None:
    with database.reading() as tx:
        told = tx.backlog.waiting()
        assert [one.stage for one in told] == list(STAGES)
        assert {(one.items, one.oldest) for one in told} == {(0, None)}
        assert tx.backlog.dead() == {"mail": 0, "webhooks": 0}
        assert tx.backlog.unfinished() == 0


def test_an_answer_waits_where_it_is(database: Database, invite: Invite, clock: Turnable) -> None:
    [first, second] = invite(2)
    for interview in (first, second):
        with database.begin() as tx:
            tx.interviews.move(interview, InterviewState.OPENED)
            tx.interviews.move(interview, InterviewState.IN_PROGRESS)
            tx.interviews.start_attempt(interview, "q1")
        clock.turn(seconds=60)
    assert waiting(database)["upload"] == (2, 120)
    with database.begin() as tx:
        tx.interviews.seal_attempt(AttemptRef(first, "q1", 1), "0" * 64)
    clock.turn(seconds=5)
    found = waiting(database)
    assert found["upload"] == (1, 65)
    assert found["assembly"] == (1, 5)


def test_a_recording_that_outlives_its_interview_is_unfinished(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.interviews.move(interview, InterviewState.OPENED)
        tx.interviews.move(interview, InterviewState.IN_PROGRESS)
        tx.interviews.start_attempt(interview, "q1")
    clock.turn(days=60)
    assert "upload" not in waiting(database)
    with database.reading() as tx:
        assert tx.backlog.unfinished() == 1


def test_steps_and_their_loss_count_for_an_hour(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    told = {"answer": "q1", "attempt": 1, "lost_ms": 1500, "tracks": {"camera": "gaps"}}
    checked = {"answer": "q1", "attempt": 1, "verdict": "re_record", "reasons": ["too_dark"]}
    with database.begin() as tx:
        steps = [
            tx.process_log.append(interview, EventType.ANSWER_ASSEMBLED, told),
            tx.process_log.append(interview, EventType.ANSWER_RE_RECORD, checked),
            tx.process_log.append(interview, EventType.ANSWER_RE_RECORD, {"by": "HR"}),
        ]
    assert waiting(database)["sync"] == (3, 0)
    with database.begin() as tx:
        tx.process_log.mark_published([(interview, step.seq) for step in steps if step])
    with database.reading() as tx:
        lately = tx.backlog.lately()
    assert (lately.lost_ms, lately.recordings) == (1500, 1)
    assert lately.done == {"sync": 3, "assembly": 1, "quality": 2}
    assert lately.failures == {("assembly", "gaps"): 1, ("quality", "too_dark"): 1}
    clock.now += WINDOW + timedelta(seconds=1)
    with database.reading() as tx:
        lately = tx.backlog.lately()
    assert not lately.done
    assert not lately.failures
    assert lately.lost_ms == 0


def test_deliveries_wait_and_fail_by_what_the_receiver_answered(
    database: Database, invite: Invite, clock: Turnable
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.webhooks.add_endpoint(WebhookEndpointRequest(url="http://ehr.example"), "whsec_x")
        row = tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
        assert row
        tx.webhooks.fan_out(row.event)
    clock.turn(seconds=30)
    assert waiting(database)["webhooks"] == (1, 30)


def test_reading_waits_for_no_writer(database: Database, invite: Invite) -> None:
    with database.begin() as writer:
        writer._connection.execute(sa.text("DELETE FROM idempotency"))
        with database.reading() as tx:
            assert len(tx.backlog.waiting()) == len(STAGES)
