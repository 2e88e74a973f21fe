"""From an accepted batch to interviews: cut into slices, each slice creates its interviews and queues their mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.invitation.deliver import deliver
from greenroom.adapters.database import NewInterview, NewMail
from greenroom.domain import keys
from greenroom.domain.batch import BatchSlice, interview_id, parse_batch
from greenroom.domain.errors import Invalid
from greenroom.domain.events import EventType
from greenroom.domain.interview import INVITATION

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function

SLICE_ROWS = 250
"""Rows in a slice: some seconds of mail, one transaction of a fraction of a second (ADR 0006)."""


def cut_batch(key: str, app: Function[Settings]) -> None:
    """Write the slices of ``batches/{batch}.json``. Cutting twice writes the same objects.

    A batch that is through is not cut again: its object was written anew because somebody was erased from it.
    """
    with app.database.begin() as tx:
        if tx.batches.get(keys.batch_of(key)).state == "invited":
            return
    for number, piece in enumerate(slices_of(key, app)):
        app.store.put(keys.batch_slice(piece.batch, number), piece.to_bytes())


def invite_slice(key: str, app: Function[Settings]) -> None:
    """Create the interviews of one slice and send their invitations; what exists is left as it is.

    Raises `Invalid` (`invalid_document`) for what `cut_batch` did not write.
    """
    piece = BatchSlice.stored(app.store.get(key))
    if piece.batch != keys.batch_of(key):
        raise Invalid(f"{key} holds rows of {piece.batch[:100]!r}", code="invalid_document")
    deliver(app, interviews=create_interviews(piece, app))


def slices_of(key: str, app: Function[Settings]) -> list[BatchSlice]:
    """The slices of ``batches/{batch}.json``, from its rows alone."""
    rows = parse_batch(app.store.get(key)).rows
    return [
        BatchSlice.model_construct(batch=keys.batch_of(key), rows=rows[at : at + SLICE_ROWS])
        for at in range(0, len(rows), SLICE_ROWS)
    ]


def create_interviews(piece: BatchSlice, app: Function[Settings]) -> list[str]:
    """One interview, one `interview.created` and one queued mail per row; the ids of all rows' interviews."""
    with app.changes() as tx:
        batch = tx.batches.get(piece.batch)
        wanted = [
            NewInterview(
                id=interview_id(piece.batch, row.external_id),
                candidate=row,
                deadline=batch.deadline,
                locale=row.locale or batch.locale,
            )
            for row in piece.rows
        ]
        created = tx.interviews.create_many(piece.batch, wanted)
        tx.process_log.append_many(EventType.INTERVIEW_CREATED, {one: {} for one in created})
        tx.mails.queue_many([NewMail(interview, INVITATION, 1) for interview in created])
    return [interview.id for interview in wanted]
