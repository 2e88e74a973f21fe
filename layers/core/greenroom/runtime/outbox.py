"""Publishing the process log: one ``events/{interview}/{n}.json`` per row, after its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from greenroom.domain import keys

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, LogRow
    from greenroom.adapters.object_store import ObjectStore


def publish(rows: Sequence[LogRow], *, store: ObjectStore, database: Database) -> None:
    """Write each row's event and mark it published. Writing one twice changes nothing."""
    if not rows:
        return
    for row in rows:
        store.put(keys.event(row.interview_id, row.seq), row.event.canonical())
    with database.begin() as tx:
        tx.process_log.mark_published([(row.interview_id, row.seq) for row in rows])
