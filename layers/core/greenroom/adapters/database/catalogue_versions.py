"""What templates, competency models and bank questions said before: every version that was saved, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from greenroom.adapters.database.rule_tables import catalogue_versions
from greenroom.adapters.database.statements import Repository
from greenroom.domain.errors import NotFound

VersionedKind = Literal["template", "competency_model", "bank_question"]
_V = catalogue_versions.c


@dataclass(frozen=True)
class VersionRow:
    """One saved version. `number` counts from 1 by the order of saving, whatever version the document itself names.

    `body` is the document as canonical JSON; `saved_by` the id of a user or API key, "" where nobody noted it.
    """

    number: int
    body: str
    saved_at: datetime
    saved_by: str


class CatalogueVersions(Repository):
    def note(self, kind: VersionedKind, document_id: str, body: str, by: str) -> None:
        """Keep what is saved now; what says the same as the newest is no version of its own.

        The document's own row must be held: two numbers are never given at once.
        """
        newest = self._newest(kind, document_id)
        if newest is not None and newest.body == body:
            return
        row = {
            "kind": kind,
            "document_id": document_id,
            "number": newest.number + 1 if newest else 1,
            "body": body,
            "saved_at": self._clock(),
            "saved_by": by,
        }
        self._connection.execute(sa.insert(catalogue_versions).values(row))

    def of(self, kind: VersionedKind, document_id: str) -> list[VersionRow]:
        """All versions, the newest first."""
        found = self._connection.execute(self._all(kind, document_id))
        return [_row(row) for row in found]

    def get(self, kind: VersionedKind, document_id: str, number: int) -> VersionRow:
        """Raises `NotFound` (`unknown_version`)."""
        found = self._connection.execute(
            self._all(kind, document_id).where(_V.number == number)
        ).first()
        if found is None:
            raise NotFound(f"no version {number} of {document_id[:64]!r}", code="unknown_version")
        return _row(found)

    def _newest(self, kind: VersionedKind, document_id: str) -> VersionRow | None:
        found = self._connection.execute(self._all(kind, document_id).limit(1)).first()
        return None if found is None else _row(found)

    def _all(self, kind: VersionedKind, document_id: str) -> sa.Select[tuple[object, ...]]:
        return (
            sa.select(_V.number, _V.body, _V.saved_at, _V.saved_by)
            .where(_V.kind == kind, _V.document_id == document_id)
            .order_by(_V.number.desc())
        )


def _row(row: sa.Row[tuple[object, ...]]) -> VersionRow:
    return VersionRow(row.number, row.body, row.saved_at, row.saved_by)
