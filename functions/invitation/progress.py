"""How far a batch is: interviews by state, mails, rejected rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.http import Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


def read_batch(batch_id: str, app: Function[Settings]) -> Response:
    """Raises `NotFound` (`unknown_batch`)."""
    with app.database.begin() as tx:
        batch = tx.batches.get(batch_id)
        states = tx.interviews.counts(batch_id)
        mails = tx.mails.counts(batch_id)
    return Response.json(
        {
            "batch": batch.id,
            "state": batch.state,
            "template": batch.plan.template.id,
            "competency_model": batch.plan.model.id,
            "deadline": batch.deadline.isoformat(),
            "accepted": batch.accepted,
            "rejected": len(batch.errors),
            "interviews": states,
            "mails": {"sent": mails.sent, "pending": mails.pending, "failed": mails.dead},
            "errors": [error.model_dump() for error in batch.errors],
            "links": {"interviews": f"/v1/interviews?batch={batch.id}"},
        }
    )
