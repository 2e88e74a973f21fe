"""Publishing the process log: one ``events/{interview}/{n}.json`` per row, after its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from greenroom.domain import keys

if TYPE_CHECKING:
    from greenroom.adapters.database import LogRow
    from greenroom.adapters.object_store import ObjectStore


def publish(rows: Sequence[LogRow], *, store: ObjectStore) -> None:
    """Write each row's event, which calls status_sync. Writing one twice changes nothing.

    status_sync marks what it took over; what stays unmarked, because of a crash here or a notification that the
    store lost, its sweep takes over later.
    """
    for row in rows:
        store.put(keys.event(row.interview_id, row.seq), row.event.canonical())
