"""Keeps a batch that was asked for, whoever asks: HR's systems over the API, an ATS, people in the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from greenroom.domain import keys
from greenroom.domain.batch import BatchHead, BatchRequest, interview_id
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Invalid
from greenroom.domain.mapping import Mapping
from greenroom.domain.model import canonical_json
from greenroom.domain.plan import Plan
from greenroom.domain.policy import Policy
from greenroom.domain.template import Template

if TYPE_CHECKING:
    from greenroom.adapters.database import Transaction
    from greenroom.domain.audit import Actor
    from greenroom.runtime.function import Function


def check_batch(asked: BatchRequest, now: datetime) -> None:
    """Raises `Invalid` (`deadline_past`, `no_good_rows`)."""
    if asked.head.deadline <= now:
        raise Invalid(
            f"the deadline {asked.head.deadline.isoformat()} is in the past", code="deadline_past"
        )
    if not asked.rows:
        errors = [error.model_dump() for error in asked.errors]
        raise Invalid("no row is good; nothing was kept", code="no_good_rows", errors=errors)


def keep_batch(
    batch: str,
    asked: BatchRequest,
    actor: Actor,
    app: Function[Any],
    *,
    tracking: bool,
    as_sent: bytes = b"",
    beside: Callable[[Transaction], None] = lambda _tx: None,
) -> None:
    """Keep the batch with its plan, and write its good rows as the object that invites them. Again, nothing changes.

    `beside` keeps what belongs to the batch in the same transaction, and bears to be called again.
    `tracking`: mails may tell when they are opened, where the policy allows it.

    Raises `NotFound` (`unknown_template`, `unknown_competency_model`, `unknown_policy`, `unknown_mapping`) and
    `Invalid` (`unknown_competency`).
    """
    with app.database.begin() as tx:
        template = tx.catalogue.template(asked.head.template)
        model = tx.catalogue.model(asked.head.competency_model)
        policy = tx.catalogue.policy(asked.head.policy)
        mapping = tx.catalogue.mapping(template.mapping)
        plan = plan_of(asked.head, template, model, policy, mapping)
        if tracking and policy.mail_tracking:
            plan = plan.model_copy(update={"mail_tracking": True})
        count = len(asked.rows)
        created = tx.batches.create(
            batch, head=asked.head, plan=plan, accepted=count, errors=asked.errors
        )
        if created:
            tx.audit.append(actor, "batch.created", "batch", batch, count=count)
        beside(tx)
        ids = [interview_id(batch, row.external_id) for row in asked.rows]
        erased = set() if created else tx.erasures.erased(ids)
    # The row comes first: the object's event must find it. Killed in between, the caller has no answer and
    # asks again; with an Idempotency-Key that request finds this batch and writes the object. One that is there
    # stays, and who was erased meanwhile does not come back.
    key = keys.batch(batch)
    if created or app.store.head(key) is None:
        left = [row for row, one in zip(asked.rows, ids, strict=True) if one not in erased]
        kept = replace(asked, rows=left, as_sent=asked.as_sent and not erased)
        if left:
            app.store.put(key, as_sent if kept.as_sent else kept.to_bytes())


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
