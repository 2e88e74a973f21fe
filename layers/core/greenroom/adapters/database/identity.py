"""Which identity pictures rest in the store, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import IdentityRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import identity_pictures
from greenroom.domain.errors import NotFound
from greenroom.domain.identity import IdentityPicture

_TABLE = identity_pictures

COMING = timedelta(hours=1)
"""A picture that was announced and has not been kept by then was broken off: what there is of it is deleted."""


class IdentityPictures(Repository):
    """A row comes before its object and outlives it, so no picture rests in the store that nobody will delete."""

    def announce(self, interview_id: str, picture: IdentityPicture) -> None:
        """The picture is about to be written, in place of an earlier one."""
        now = self._clock()
        row = {
            "interview_id": interview_id,
            "picture": picture,
            "state": "coming",
            "taken_at": now,
            "due_at": now + COMING,
        }
        self._upsert(_TABLE, [row], "interview_id", "picture")

    def keep(self, interview_id: str, picture: IdentityPicture, until: datetime) -> bool:
        """It was written; False when it was deleted meanwhile, or another call has kept it."""
        return self._changed(
            sa.update(_TABLE)
            .where(*_is(interview_id, picture), _TABLE.c.state == "coming")
            .values(state="kept", due_at=until)
        )

    def end(self, interview_id: str) -> None:
        """What is kept of this interview is due now."""
        self._connection.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.interview_id == interview_id, _TABLE.c.state == "kept")
            .values(due_at=self._clock())
        )

    def deleted(self, row: IdentityRow) -> bool:
        """The object of this very picture is gone; False when it was taken anew meanwhile, or marked before."""
        return self._changed(
            sa.update(_TABLE)
            .where(
                *_is(row.interview_id, row.picture),
                _TABLE.c.state == row.state,
                _TABLE.c.taken_at == row.taken_at,
                _TABLE.c.state != "deleted",
            )
            .values(state="deleted")
        )

    def get(self, interview_id: str, picture: IdentityPicture) -> IdentityRow:
        """A picture that is kept. Raises `NotFound` (`no_such_picture`)."""
        try:
            return self.kept(interview_id)[picture]
        except KeyError:
            raise NotFound(f"no picture {picture} is kept", code="no_such_picture") from None

    def kept(self, interview_id: str) -> dict[IdentityPicture, IdentityRow]:
        """The pictures that rest in the store now."""
        return {row.picture: row for row in self.list(interview_id) if row.state == "kept"}

    def list(self, interview_id: str) -> list[IdentityRow]:
        """All that were ever taken for an interview, the deleted ones too."""
        mine = sa.select(_TABLE).where(_TABLE.c.interview_id == interview_id)
        return [_row(row) for row in self._connection.execute(mine.order_by(_TABLE.c.picture))]

    def due(self, limit: int, interview_id: str | None = None) -> Sequence[IdentityRow]:
        """Pictures that must go by now, the longest due first."""
        statement = (
            sa.select(_TABLE)
            .where(_TABLE.c.state.in_(("coming", "kept")), _TABLE.c.due_at <= self._clock())
            .order_by(_TABLE.c.due_at)
            .limit(limit)
        )
        if interview_id is not None:
            statement = statement.where(_TABLE.c.interview_id == interview_id)
        return [_row(row) for row in self._connection.execute(statement)]


def _is(interview_id: str, picture: IdentityPicture) -> list[sa.ColumnElement[bool]]:
    return [_TABLE.c.interview_id == interview_id, _TABLE.c.picture == picture]


def _row(row: Any) -> IdentityRow:
    return IdentityRow(row.interview_id, row.picture, row.state, row.taken_at, row.due_at)
