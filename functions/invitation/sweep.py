"""Every minute: sends what is due, and takes up batches whose notifications were lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.invitation.deliver import deliver, finish_batch
from functions.invitation.invite import create_interviews, slices_of
from functions.invitation.reminders import queue_reminders
from greenroom.domain import keys
from greenroom.domain.errors import NotFound

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function

LATE = timedelta(minutes=10)
"""An accepted batch that is not through by then may have lost a notification."""

AT_ONCE = 20
"""Late batches looked at in one sweep."""


def sweep(app: Function[Settings]) -> None:
    """Re-drive late batches, queue the reminders that are due, then send every mail that is due."""
    with app.database.begin() as tx:
        late = tx.batches.unfinished(app.clock() - LATE, AT_ONCE)
    for batch in late:
        redrive(batch.id, batch.accepted, app)
    queue_reminders(app)
    deliver(app)


def redrive(batch_id: str, accepted: int, app: Function[Settings]) -> None:
    """Create the interviews that a batch lacks, from its object: no notification is waited for again."""
    with app.database.begin() as tx:
        created = sum(tx.interviews.counts(batch_id).values())
    if created < accepted:
        app.logger.warning("batch_redriven", batch=batch_id, accepted=accepted, created=created)
        try:
            pieces = slices_of(keys.batch(batch_id), app)
        except NotFound:
            # Killed before the object was written: the caller was never told 202, and asks again.
            app.logger.warning("batch_without_object", batch=batch_id)
            return
        for piece in pieces:
            create_interviews(piece, app)
    finish_batch(batch_id, app)
