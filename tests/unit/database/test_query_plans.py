"""The queries that run all the time find their rows through an index, on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from greenroom.adapters.database import Database, Transaction
from greenroom.domain.events import EventType
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.interview_query import ByMoment, ByScore, ScoreBound
from greenroom.domain.reminder import ReminderName
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.unit.database.conftest import Invite, Turnable

GROWING = (
    "interviews|scores|of_score|scores_1|answers|identity_pictures|presence|health_samples|attempts|mails|deliveries"
    "|delivery_attempts|earlier|process_log"
    "|candidates|idempotency"
)
"""Tables (and aliases) that grow with every batch; batches and endpoints are few."""
SCAN = re.compile(rf"SCAN ({GROWING})(?! USING)|Seq Scan on ({GROWING})\b")
SORT = re.compile(r"TEMP B-TREE|Sort Key")
"""A page of a list is read in the index's order: sorting first would read all rows for each page."""

QUERIES: dict[str, Callable[[Transaction, str, str, Any], object]] = {
    "list": lambda tx, itv, bat, now: tx.interviews.find(after=itv),
    "list by state": lambda tx, itv, bat, now: tx.interviews.find(
        state=InterviewState.SCORED, after=itv
    ),
    "list by batch": lambda tx, itv, bat, now: tx.interviews.find(batch=bat, after=itv),
    "list by both": lambda tx, itv, bat, now: tx.interviews.find(
        batch=bat, state=InterviewState.SCORED, after=itv
    ),
    "list by job": lambda tx, itv, bat, now: tx.interviews.find(job="m", after=itv),
    "list by candidate": lambda tx, itv, bat, now: tx.interviews.find(candidate="c", after=itv),
    "list by flag": lambda tx, itv, bat, now: tx.interviews.find(flag="needs_re_record", after=itv),
    "list by score": lambda tx, itv, bat, now: tx.interviews.find(
        scores=[ScoreBound("c", ">=", 80)], after=itv
    ),
    "list by score and job": lambda tx, itv, bat, now: tx.interviews.find(
        job="m", scores=[ScoreBound("c", ">=", 80), ScoreBound(None, "<=", 99)], after=itv
    ),
    "list in order of deadlines": lambda tx, itv, bat, now: tx.interviews.find(
        order=ByMoment("deadline", descending=False), after=itv
    ),
    "list in order of totals": lambda tx, itv, bat, now: tx.interviews.find(
        order=ByScore(None), after=itv
    ),
    "list, the ranking of a job": lambda tx, itv, bat, now: tx.interviews.find(
        job="m", order=ByScore(None), after=itv
    ),
    "list in order of a score": lambda tx, itv, bat, now: tx.interviews.find(
        scores=[ScoreBound("c", ">=", 80)], order=ByScore("c"), after=itv
    ),
    "scores of a page": lambda tx, itv, bat, now: tx.interviews.scores_of([itv]),
    "figures of a batch": lambda tx, itv, bat, now: tx.figures.of(bat),
    "figures of running batches": lambda tx, itv, bat, now: tx.figures.running(),
    "counts": lambda tx, itv, bat, now: tx.interviews.counts(bat),
    "answers": lambda tx, itv, bat, now: tx.interviews.answers(itv),
    "stale": lambda tx, itv, bat, now: tx.interviews.stale(AnswerState.SEALED, now, 10),
    "unscored": lambda tx, itv, bat, now: tx.unscored.find(now, 10),
    "consents": lambda tx, itv, bat, now: tx.interviews.consents(itv),
    "withdrawals": lambda tx, itv, bat, now: tx.interviews.withdrawals(now, 10),
    "pictures due": lambda tx, itv, bat, now: tx.identity.due(10),
    "pictures of one": lambda tx, itv, bat, now: tx.identity.due(10, itv),
    "a page that reports": lambda tx, itv, bat, now: tx.presence.reporting(itv),
    "silent pages": lambda tx, itv, bat, now: tx.presence.silent(now, 10),
    "old pages": lambda tx, itv, bat, now: tx.presence.forget(now, 10),
    "health samples": lambda tx, itv, bat, now: tx.presence.samples(itv),
    "steps of a kind": lambda tx, itv, bat, now: tx.process_log.count(
        itv, EventType.CANDIDATE_STEP
    ),
    "steps": lambda tx, itv, bat, now: tx.process_log.list(itv),
    "unpublished": lambda tx, itv, bat, now: tx.process_log.unpublished(now, 10),
    "mails due": lambda tx, itv, bat, now: tx.mails.claim(10, "o", 60),
    "mails of some": lambda tx, itv, bat, now: tx.mails.claim(10, "o", 60, interview_ids=[itv]),
    "mails of a batch": lambda tx, itv, bat, now: tx.mails.counts(bat),
    "reminders due": lambda tx, itv, bat, now: [
        tx.reminders.due(name, 10) for name in get_args(ReminderName)
    ],
    "deliveries due": lambda tx, itv, bat, now: tx.webhooks.claim_due("o", 60, 10),
    "deliveries of one": lambda tx, itv, bat, now: tx.webhooks.claim(itv, "o", 60, 10),
    "list of deliveries": lambda tx, itv, bat, now: tx.webhooks.deliveries(after="1~evt_x~wep_x"),
    "list of dead deliveries": lambda tx, itv, bat, now: tx.webhooks.deliveries(
        state="dead", after="1~evt_x~wep_x"
    ),
    "list of one endpoint's": lambda tx, itv, bat, now: tx.webhooks.deliveries(endpoint_id="wep_x"),
    "attempts made": lambda tx, itv, bat, now: tx.webhooks.attempts_made("wep_x", "evt_x"),
    "backlog, what waits": lambda tx, itv, bat, now: tx.backlog.waiting(),
    "backlog, what was given up": lambda tx, itv, bat, now: tx.backlog.dead(),
    "backlog, what was never finished": lambda tx, itv, bat, now: tx.backlog.unfinished(),
    "backlog, the last hour": lambda tx, itv, bat, now: tx.backlog.lately(),
    "idempotency": lambda tx, itv, bat, now: tx.idempotency.begin("s", "k", "f"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_growing_table_is_read_from_end_to_end(
    database: Database, invite: Invite, clock: Turnable, name: str
) -> None:
    [interview] = invite()
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN "

    def look(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.startswith("SELECT"):
            beside = cursor.connection.cursor()
            beside.execute(explain + statement, parameters)
            plans.append("\n".join(str(row[-1]) for row in beside.fetchall()))

    with database.begin() as tx:
        tx.webhooks.add_endpoint(WebhookEndpointRequest(url="http://ehr.example"), "whsec_x")
        batch = tx.interviews.get(interview).batch_id
        tx.interviews.record_score(interview, 81, {"c": 82})
        if database.engine.dialect.name == "postgresql":
            # So few rows are read from end to end and sorted anyway; forbidden, that needs a lack of an index.
            tx._connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            tx._connection.execute(sa.text("SET LOCAL enable_sort = off"))
        event.listen(database.engine, "before_cursor_execute", look)
        QUERIES[name](tx, interview, batch, clock.now + timedelta(days=1))
        event.remove(database.engine, "before_cursor_execute", look)
    assert plans
    for plan in plans:
        assert not SCAN.search(plan), plan
        if name.startswith("list"):
            assert not SORT.search(plan), plan
