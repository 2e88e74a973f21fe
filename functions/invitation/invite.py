"""From an accepted batch to interviews: cut into slices, each slice creates its interviews and queues their mails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.invitation.deliver import deliver
from greenroom.adapters.database import NewInterview, NewMail
from greenroom.domain import keys
from greenroom.domain.batch import BatchRows, CandidateRow
from greenroom.domain.errors import Invalid
from greenroom.domain.events import EventType
from greenroom.domain.ids import derived_id

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function

SLICE_ROWS = 250
"""Rows in a slice: some seconds of mail, one transaction of a fraction of a second (ADR 0006)."""

MESSAGE = "invitation_created"


def cut_batch(key: str, app: Function[Settings]) -> None:
    """Write the slices of ``batches/{batch}.json``. Cutting twice writes the same objects."""
    for number, piece in slices(read_rows(key, app)):
        app.store.put(keys.batch_slice(piece.batch, number), piece.to_bytes())


def invite_slice(key: str, app: Function[Settings]) -> None:
    """Create the interviews of one slice and send their invitations; what exists is left as it is."""
    created = create_interviews(read_rows(key, app), app)
    deliver(app, interviews=created)


def read_rows(key: str, app: Function[Settings]) -> BatchRows:
    """The rows of a batch or slice. Raises `Invalid` (`invalid_document`)."""
    rows = BatchRows.parse(app.store.get(key))
    if rows.batch != keys.batch_of(key):
        raise Invalid(f"{key} holds rows of {rows.batch[:100]!r}", code="invalid_document")
    return rows


def slices(batch: BatchRows) -> Iterator[tuple[int, BatchRows]]:
    """The batch's slices with their numbers, from 0."""
    for number, at in enumerate(range(0, len(batch.rows), SLICE_ROWS)):
        piece = batch.rows[at : at + SLICE_ROWS]
        yield number, BatchRows.model_construct(batch=batch.batch, rows=piece)


def create_interviews(piece: BatchRows, app: Function[Settings]) -> list[str]:
    """One interview, one `interview.created` and one queued mail per row; the ids of all rows' interviews."""
    with app.changes() as tx:
        batch = tx.batches.get(piece.batch)
        wanted = [
            NewInterview(
                id=interview_id(piece.batch, row),
                candidate=row,
                deadline=batch.deadline,
                locale=row.locale or batch.locale,
            )
            for row in piece.rows
        ]
        created = tx.interviews.create_many(piece.batch, wanted)
        for interview in created:
            tx.process_log.append(interview, EventType.INTERVIEW_CREATED, once="created")
        tx.mails.queue_many([NewMail(interview, MESSAGE, 1) for interview in created])
    return [interview.id for interview in wanted]


def interview_id(batch: str, row: CandidateRow) -> str:
    """A candidate has one interview per batch, however often the row is read."""
    return derived_id("itv", batch, row.external_id)
