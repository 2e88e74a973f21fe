"""Accepts a batch: checks it, keeps its plan and its rejected rows, and writes its good rows as one object."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from greenroom.domain.batch import BatchRequest, parse_batch
from greenroom.domain.ids import derived_id, new_id
from greenroom.runtime.batches import check_batch, keep_batch
from greenroom.runtime.candidate_pool import invited_by
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import idempotent

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


def accept_batch(request: Request, app: Function[Settings]) -> Response:
    """202 with the batch's id, once per Idempotency-Key.

    Raises what `parse_batch`, `parse_csv_batch`, `invited_by` and `idempotent` raise, `NotFound` (`unknown_template`,
    `unknown_competency_model`, `unknown_policy`, `unknown_mapping`) and `Invalid` (`deadline_past`,
    `unknown_competency`, `no_good_rows`).
    """
    with _collector_paused():
        return idempotent(
            app.database, request, "batches", lambda once: _accept(request, once.key, app)
        )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A batch of 5,000 is forty thousand objects, all freed by their counts when the answer is out.

    So many new ones make Python's collector walk through everything that the process holds: 113 ms for such a
    batch instead of 47, on average. Two requests at once are no trouble; the first to end switches it on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _accept(request: Request, idempotency_key: str, app: Function[Settings]) -> Response:
    asked, told = _read(request, app)
    check_batch(asked, app.clock())
    batch = _batch_id(request, idempotency_key)
    keep_batch(
        batch,
        asked,
        request.who.actor,
        app,
        tracking=app.settings.links.tracking,
        as_sent=request.body,
    )
    return Response.json(
        {
            "batch": batch,
            "accepted": len(asked.rows),
            "rejected": len(asked.errors),
            "errors": [error.model_dump() for error in asked.errors],
            **told,
            "links": {
                "self": f"/v1/batches/{batch}",
                "interviews": f"/v1/interviews?batch={batch}",
            },
        },
        202,
    )


def _read(request: Request, app: Function[Settings]) -> tuple[BatchRequest, dict[str, Any]]:
    """The batch, from JSON or CSV, and what the answer says beside it."""
    if not request.headers.get("content-type", "").lower().startswith("text/csv"):
        return parse_batch(request.body, lambda wanted: invited_by(wanted, app.database)), {}
    from functions.invitation.csv_batch import parse_csv_batch

    found = parse_csv_batch(request)
    return found.batch, {"ignored_columns": found.ignored}


def _batch_id(request: Request, idempotency_key: str) -> str:
    """With a key the id follows from caller, key and body: a replay after a crash finds the same batch.

    The body is part of it because keys are forgotten after a day: the same key may then bring another batch.
    """
    if not idempotency_key:
        return new_id("bat")
    head = urlencode(sorted(request.query.items())).encode()  # of a CSV; JSON has it in the body
    digest = hashlib.sha256(head + request.body).hexdigest()
    return derived_id("bat", request.who.id, idempotency_key, digest)
