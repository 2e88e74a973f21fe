"""1,000 invitations through the outbox against smtplib sending 1,000 prebuilt messages in a loop.

Both talk to the same SMTP server, a process of its own, over one connection. Ours includes claiming from the
database, writing each letter (signed link, text, HTML, calendar), sending it, and committing its outcome with the
interview's state and process log. The floor sends such letters when they are already bytes. Publishing the logged
steps to the object store comes after the mails and is not part of it.
"""

from __future__ import annotations

import smtplib
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.house import settled_house, smtp_sink
from benchmarks.table import alternate, heading, row
from functions.invitation.deliver import house_of, send_due
from functions.invitation.invite import create_interviews
from greenroom.clock import now_utc
from greenroom.domain.batch import BatchHead, BatchSlice, CandidateRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.ids import new_id
from greenroom.domain.interview import INVITATION
from greenroom.domain.plan import Plan
from greenroom.domain.template import Template
from greenroom.runtime.function import Function
from greenroom.runtime.mail.letter import Letters
from tests.invitation_fixtures import MODEL, TEMPLATE, candidate, fresh_app

MAILS = 1000
RUNS = 5


def run() -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        smtp_sink() as port,
        settled_house(port, Path(folder)),
    ):
        app = fresh_app()
        prebuilt = letters(app)
        ours(app)  # both once, unmeasured: templates compiled, pages warm
        floor(port, prebuilt)
        heading()
        found = alternate(RUNS, ours=lambda: ours(app), floor=lambda: floor(port, prebuilt))
        app.database.close()
    return {"mail_vs_smtplib": row(f"{MAILS} mails", found["ours"], found["floor"], "s", 1.5)}


def ours(app: Function[Any]) -> float:
    """Seconds to send the mails of a fresh batch."""
    interviews = invited(app)
    started = time.perf_counter()
    send_due(app, None)
    took = time.perf_counter() - started
    with app.database.begin() as tx:
        states = [row.state for row in tx.interviews.many(interviews).values()]
    assert states == ["invited"] * MAILS
    return took


def floor(port: int, prebuilt: list[tuple[str, bytes]]) -> float:
    """Seconds that smtplib alone takes."""
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for recipient, content in prebuilt:
            smtp.sendmail("hr@example.com", [recipient], content)
    return time.perf_counter() - started


def invited(app: Function[Any]) -> list[str]:
    """A batch whose interviews are created and whose mails are queued; the interviews."""
    batch = new_id("bat")
    plan = Plan(
        template=Template.model_validate(TEMPLATE),
        model=CompetencyModel.model_validate(MODEL),
        mail_tracking=True,  # as the shipped policy cn has it
    )
    head = BatchHead(
        template=plan.template.id,
        competency_model=plan.model.id,
        deadline=now_utc() + timedelta(days=7),
    )
    with app.database.begin() as tx:
        tx.batches.create(batch, head=head, plan=plan, accepted=MAILS, errors=[])
    rows = [CandidateRow.model_validate(candidate(number)) for number in range(MAILS)]
    return create_interviews(BatchSlice(batch=batch, rows=rows), app)


def letters(app: Function[Any]) -> list[tuple[str, bytes]]:
    """The same mails, already bytes."""
    interviews = invited(app)
    with app.database.begin() as tx:
        found = list(tx.interviews.many(interviews).values())
    writer = Letters(house_of(app.settings))
    written = [writer.write(INVITATION, one, number=1, now=now_utc()) for one in found]
    send_due(app, interviews)  # leaves no queued mail behind
    return [(letter.recipient, letter.content) for letter in written]
