"""A season: 5,000 candidates from the batch's event to the last mail accepted, against smtplib in a loop.

Ours is one worker with the pocket store and SQLite: cutting the batch into slices, creating every interview with its
step and its object in the store, writing, sending and recording every mail, publishing the steps. The floor sends as
many letters that are bytes already, over one connection to the same SMTP server.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.house import settled_house, smtp_sink
from benchmarks.mail import floor, letters
from benchmarks.table import heading, row
from functions.invitation.invite import cut_batch, invite_slice
from greenroom.clock import now_utc
from greenroom.domain import keys
from greenroom.domain.audit import Actor
from greenroom.domain.batch import BatchHead, BatchRequest, CandidateRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.ids import new_id
from greenroom.domain.interview import InterviewState
from greenroom.domain.template import Template
from greenroom.runtime.batches import keep_batch
from greenroom.runtime.function import Function
from tests.invitation_fixtures import MODEL, TEMPLATE, candidate, fresh_app

CANDIDATES = 5000


def run() -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        smtp_sink() as port,
        settled_house(port, Path(folder)),
    ):
        app = fresh_app()
        with app.database.begin() as tx:
            tx.catalogue.save_template(Template.model_validate(TEMPLATE))
            tx.catalogue.save_model(CompetencyModel.model_validate(MODEL))
        prebuilt = letters(app)
        prebuilt *= CANDIDATES // len(prebuilt)
        heading()
        took = ours(app)
        bare = floor(port, prebuilt)
        app.database.close()
    return {
        "season_mail_vs_smtplib": row(
            f"{CANDIDATES} candidates, batch to mail", took, bare, "s", 1.3
        )
    }


def ours(app: Function[Any]) -> float:
    """Seconds from the batch's event to its last mail, one event after the other."""
    batch = new_id("bat")
    head = BatchHead(
        template=TEMPLATE["id"],
        competency_model=MODEL["id"],
        deadline=now_utc() + timedelta(days=7),
    )
    rows = [CandidateRow.model_validate(candidate(number)) for number in range(CANDIDATES)]
    asked = BatchRequest(head, rows, [])
    keep_batch(batch, asked, Actor("command", "benchmark"), app, tracking=True)
    started = time.perf_counter()
    cut_batch(keys.batch(batch), app)
    for found in app.store.listing(f"slices/{batch}/"):
        invite_slice(found.key, app)
    took = time.perf_counter() - started
    with app.database.begin() as tx:
        assert tx.interviews.counts(batch) == {InterviewState.INVITED: CANDIDATES}
    return took
