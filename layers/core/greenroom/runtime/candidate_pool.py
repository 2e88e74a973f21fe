"""Who of the candidate pool a filter finds, and a batch with that filter invites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.batch import MAX_ROWS, CandidateRow
from greenroom.domain.errors import Invalid, TooLarge

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, Transaction


def fitting(
    tx: Transaction, filter_id: str | None, limit: int, after: str | None = None
) -> list[CandidateRow]:
    """The candidates that a filter finds, all of them without one. Raises `NotFound` (`unknown_filter`)."""
    if not filter_id:
        return tx.candidates.find(limit=limit, after=after)
    wanted = tx.catalogue.filter(filter_id)
    return tx.candidates.find(lambda one: not wanted.unmet(one.resume), limit=limit, after=after)


def invited_by(filter_id: str, database: Database) -> list[CandidateRow]:
    """Everybody whom a batch with this filter invites.

    Raises `NotFound` (`unknown_filter`), `Invalid` (`nobody_fits`), `TooLarge` (`too_many_rows`).
    """
    with database.begin() as tx:
        found = fitting(tx, filter_id, MAX_ROWS + 1)
    if not found:
        raise Invalid(f"nobody in the pool fits {filter_id[:64]!r}", code="nobody_fits")
    if len(found) > MAX_ROWS:
        raise TooLarge(f"more than {MAX_ROWS} candidates fit", code="too_many_rows")
    return found
