"""The candidate pool 人才库: who the EHR has told about, by its own ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import candidates
from greenroom.domain.batch import CandidateRow, Resume
from greenroom.domain.errors import NotFound

BLOCK = 500
"""Candidates read at a time while a filter looks for those that fit."""


class Candidates(Repository):
    def save(self, candidate: CandidateRow) -> None:
        """Keep what is said now, all of it: what is left out is forgotten."""
        self._upsert(candidates, [self._row(candidate)], "external_id")

    def keep(self, people: Sequence[CandidateRow]) -> None:
        """What a batch says about its candidates; a résumé, language or time zone left out stays as it was."""
        if not people:
            return
        statement = self._insert(candidates)
        new, old = statement.excluded, candidates.c
        changed = {name: new[name] for name in ("name", "email", "updated_at")}
        changed |= {
            name: sa.func.coalesce(new[name], old[name])
            for name in ("locale", "time_zone", "resume")
        }
        # In one order everywhere: two batches with the same candidates would wait for each other.
        rows = [self._row(one) for one in sorted(people, key=lambda one: one.external_id)]
        upsert = statement.on_conflict_do_update(index_elements=["external_id"], set_=changed)
        self._connection.execute(upsert, rows)

    def get(self, external_id: str) -> CandidateRow:
        """Raises `NotFound` (`unknown_candidate`)."""
        mine = sa.select(candidates).where(candidates.c.external_id == external_id)
        row = self._connection.execute(mine).first()
        if row is None:
            raise NotFound(f"no candidate {external_id[:100]!r}", code="unknown_candidate")
        return _candidate(row)

    def find(
        self,
        fits: Callable[[CandidateRow], bool] = lambda _: True,
        *,
        limit: int,
        after: str | None = None,
        block: int = BLOCK,
    ) -> list[CandidateRow]:
        """Those that fit, by external id; `after` is the last one seen; `block` are read at a time."""
        found: list[CandidateRow] = []
        for candidate in self._from(after, block):
            if fits(candidate):
                found.append(candidate)
                if len(found) == limit:
                    break
        return found

    def _from(self, after: str | None, block: int) -> Iterator[CandidateRow]:
        while True:
            statement = sa.select(candidates).order_by(candidates.c.external_id).limit(block)
            if after is not None:
                statement = statement.where(candidates.c.external_id > after)
            rows = self._connection.execute(statement).all()
            yield from map(_candidate, rows)
            if len(rows) < block:
                return
            after = rows[-1].external_id

    def _row(self, candidate: CandidateRow) -> dict[str, Any]:
        return {
            "external_id": candidate.external_id,
            "name": candidate.name,
            "email": candidate.email,
            "locale": candidate.locale,
            "time_zone": candidate.time_zone,
            "resume": candidate.resume.model_dump_json() if candidate.resume else None,
            "updated_at": self._clock(),
        }


def _candidate(row: Any) -> CandidateRow:
    """Checked when it was written, so it is not checked again."""
    return CandidateRow.model_construct(
        external_id=row.external_id,
        name=row.name,
        email=row.email,
        locale=row.locale,
        time_zone=row.time_zone,
        resume=Resume.stored(row.resume) if row.resume else None,
    )
