"""Two candidates of one batch of whom something rests everywhere: in every table and below every prefix."""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

from greenroom.adapters.database import AttemptMade, Database, Transaction
from greenroom.adapters.database.tables import metadata
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.audit import Actor
from greenroom.domain.batch import CandidateRow, Resume
from greenroom.domain.consent import Consents
from greenroom.domain.evaluations import Evaluation
from greenroom.domain.events import EventType
from greenroom.domain.presence import HealthSample
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.recorded import record
from tests.seeded import BATCH, invite

ERASED, KEPT = NAMES = ("欧阳娜娜", "李明")
HR = Actor("api_key", "hr")


def two_candidates(database: Database, store: ObjectStore) -> tuple[str, str]:
    """Their interviews; the first is of `ERASED`."""
    interviews = invite(database, NAMES)
    with database.begin() as tx:
        url = "http://127.0.0.1:9/hooks"
        tx.webhooks.add_endpoint(WebhookEndpointRequest(url=url), "whsec_" + "A" * 32)
    for interview in interviews:
        _fill(interview, database, store)
    rows = [
        {"external_id": f"c-{name}", "name": name, "email": f"c{number}@example.com"}
        for number, name in enumerate(NAMES)
    ]
    store.put(keys.batch(BATCH), json.dumps({"template": "t", "candidates": rows}).encode())
    store.put(keys.batch_slice(BATCH, 0), json.dumps({"batch": BATCH, "rows": rows}).encode())
    return interviews[0], interviews[1]


def _fill(interview: str, database: Database, store: ObjectStore) -> None:
    record(interview, database, store)
    for key in (
        f"uploads/{interview}/coordination/1/camera/0000/000000",
        keys.submission(interview),
        keys.identity(interview, "card"),
        f"{keys.probes(interview)}uplink",
    ):
        store.put(key, b"bytes", "video/webm")
    with database.begin() as tx:
        _fill_tables(tx, interview)
        for step in tx.process_log.list(interview):
            store.put(keys.event(interview, step.seq), step.event.canonical())


def _fill_tables(tx: Transaction, interview: str) -> None:
    row = tx.interviews.get(interview)
    name, email = row.candidate_name, row.candidate_email
    person = CandidateRow(
        external_id=row.candidate_external_id,
        name=name,
        email=email,
        resume=Resume(keywords=[f"{name} GmbH"]),
    )
    tx.candidates.save(person)
    tx.interviews.give_consents(interview, Consents(recording=True, identity=True))
    tx.interviews.record_score(interview, 70.0, {"communication": 70.0})
    tx.identity.announce(interview, "card")
    for number in (1, 2):
        tx.mails.queue_next(interview, "invitation_created")
        if number == 1:
            tx.mails.failed((interview, "invitation_created", 1), f"550 no <{email}>", None)
    tx.evaluations.keep_draft(interview, "reviewer", Evaluation(note=f"{name} listens"))
    tx.interviewers.assign(interview, ["reviewer@example.com"])
    sample = HealthSample(at=tx.clock(), phase="recording")
    tx.presence.record(interview, [sample], newest=sample, since=None)
    tx.process_log.append(interview, EventType.REMINDER_REQUESTED, {"reason": f"{name}?"})
    tx.partner_orders.keep(interview, "greenhouse", f"https://ats.example.com/tests/{interview}")
    tx.idempotency.begin("actions", interview, "0" * 64)
    tx.idempotency.finish("actions", interview, 200, json.dumps({"email": email}))
    tx.audit.append(HR, "interview.seen", "interview", interview)
    steps = tx.process_log.list(interview)
    for step in steps:
        tx.webhooks.fan_out(step.event)
    tx.process_log.mark_published([(interview, step.seq) for step in steps])
    (claimed,) = tx.webhooks.claim(interview, "test", 60, 1)
    made = AttemptMade(tx.clock(), 3, "http://127.0.0.1:9/hooks", 500, f"{name}?", None)
    tx.webhooks.failed(claimed, made, tx.clock() + timedelta(hours=1))


def tables_naming(database: Database, *words: str) -> set[str]:
    """The tables in which a value holds one of the words, each read whole."""
    found = set()
    with database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                text = " ".join(map(str, row))
                if any(word in text for word in words):
                    found.add(table.name)
    return found
