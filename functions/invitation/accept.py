"""Accepts a batch: checks it, keeps its plan and its rejected rows, and writes its good rows as one object."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.invitation.candidates import invited_by
from greenroom.domain import keys
from greenroom.domain.batch import BatchHead, BatchRequest, parse_batch
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Invalid
from greenroom.domain.ids import derived_id, new_id
from greenroom.domain.mapping import Mapping
from greenroom.domain.model import canonical_json
from greenroom.domain.plan import Plan
from greenroom.domain.policy import Policy
from greenroom.domain.template import Template
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import idempotent

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.domain.audit import Actor
    from greenroom.runtime.function import Function


def accept_batch(request: Request, app: Function[Settings]) -> Response:
    """202 with the batch's id, once per Idempotency-Key.

    Raises what `parse_batch`, `parse_csv_batch`, `invited_by` and `idempotent` raise, `NotFound` (`unknown_template`,
    `unknown_competency_model`, `unknown_policy`, `unknown_mapping`) and `Invalid` (`deadline_past`,
    `unknown_competency`, `no_good_rows`).
    """
    with _collector_paused():
        return idempotent(app.database, request, "batches", lambda key: _accept(request, key, app))


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
    _check(asked, app.clock())
    batch = _batch_id(request, idempotency_key)
    keep_batch(batch, asked, request.who.actor, app, as_sent=request.body)
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


def keep_batch(
    batch: str, asked: BatchRequest, actor: Actor, app: Function[Settings], *, as_sent: bytes = b""
) -> None:
    """Keep the batch with its plan, and write its good rows as the object that invites them. Again, nothing changes.

    Raises `NotFound` (`unknown_template`, `unknown_competency_model`, `unknown_policy`, `unknown_mapping`) and
    `Invalid` (`unknown_competency`).
    """
    with app.database.begin() as tx:
        template = tx.catalogue.template(asked.head.template)
        model = tx.catalogue.model(asked.head.competency_model)
        policy = tx.catalogue.policy(asked.head.policy)
        mapping = tx.catalogue.mapping(template.mapping)
        plan = plan_of(asked.head, template, model, policy, mapping)
        if app.settings.mail.tracking and policy.mail_tracking:
            plan = plan.model_copy(update={"mail_tracking": True})
        tx.batches.create(
            batch, head=asked.head, plan=plan, accepted=len(asked.rows), errors=asked.errors
        )
        count = len(asked.rows)
        tx.audit.append(actor, "batch.created", "batch", batch, count=count)
    # The row comes first: the object's event must find it. Killed in between, the caller has no answer and
    # asks again; with an Idempotency-Key that request finds this batch and writes the object.
    app.store.put(keys.batch(batch), as_sent if asked.as_sent else asked.to_bytes())


def _read(request: Request, app: Function[Settings]) -> tuple[BatchRequest, dict[str, Any]]:
    """The batch, from JSON or CSV, and what the answer says beside it."""
    if not request.headers.get("content-type", "").lower().startswith("text/csv"):
        return parse_batch(request.body, lambda wanted: invited_by(wanted, app)), {}
    from functions.invitation.csv_batch import parse_csv_batch

    found = parse_csv_batch(request)
    return found.batch, {"ignored_columns": found.ignored}


def _check(asked: BatchRequest, now: datetime) -> None:
    if asked.head.deadline <= now:
        raise Invalid(
            f"the deadline {asked.head.deadline.isoformat()} is in the past", code="deadline_past"
        )
    if not asked.rows:
        errors = [error.model_dump() for error in asked.errors]
        raise Invalid("no row is good; nothing was kept", code="no_good_rows", errors=errors)


def plan_of(
    head: BatchHead, template: Template, model: CompetencyModel, policy: Policy, mapping: Mapping
) -> Plan:
    """The plan that the batch's interviews keep, whatever is edited later.

    Raises `Invalid` (`invalid_document`, `unknown_competency`).
    """
    if head.questions is not None:
        edited = {
            **template.model_dump(mode="json"),
            "questions": [item.model_dump(mode="json") for item in head.questions],
        }
        template = Template.parse(canonical_json(edited), what="questions")
    known = {competency.id for competency in model.competencies}
    for question in template.questions:
        unknown = sorted(set(question.competencies) - known)
        if unknown:
            raise Invalid(
                f"question {question.id}: {model.id} has no competency {', '.join(unknown)}",
                code="unknown_competency",
            )
    return Plan(template=template, model=model, policy=policy, mapping=mapping)


def _batch_id(request: Request, idempotency_key: str) -> str:
    """With a key the id follows from caller, key and body: a replay after a crash finds the same batch.

    The body is part of it because keys are forgotten after a day: the same key may then bring another batch.
    """
    if not idempotency_key:
        return new_id("bat")
    head = urlencode(sorted(request.query.items())).encode()  # of a CSV; JSON has it in the body
    digest = hashlib.sha256(head + request.body).hexdigest()
    return derived_id("bat", request.who.id, idempotency_key, digest)
