"""Erasures: who is to be erased, what was removed, and what is left of them in any table."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.batches import read_plan
from greenroom.adapters.database.leftovers import Leftovers, in_json
from greenroom.adapters.database.process_log import ProcessLog
from greenroom.adapters.database.retention_tables import erased_interviews, erasures, legal_holds
from greenroom.adapters.database.rows import ErasedInterview, ErasureRow
from greenroom.adapters.database.tables import (
    batches,
    candidates,
    deliveries,
    delivery_attempts,
    idempotency,
    interviews,
    mails,
    metadata,
)
from greenroom.domain.batch import CandidateRow, interview_id
from greenroom.domain.erasure import (
    ErasureState,
    Reason,
    Removed,
    SignedCertificate,
    candidate_digest,
)
from greenroom.domain.errors import NotFound
from greenroom.domain.ids import new_id


class Erasures(Leftovers):
    def ask(
        self, external_id: str, reason: Reason, asked_by: str, only: Iterable[str] | None = None
    ) -> ErasureRow:
        """From here on the candidate is to be erased, and nothing of theirs goes on: links end, mails are withdrawn.

        The same request again finds the erasure that is under way. Interviews under legal hold are left out; `only`
        names the interviews that are meant where it is not all. Batches that are still being cut may yet bring an
        interview of this candidate: it will not be made.

        Raises `NotFound` (`unknown_candidate`).
        """
        person = self._connection.execute(
            sa.select(candidates).where(candidates.c.external_id == external_id).with_for_update()
        ).first()
        under_way = self._connection.scalar(
            sa.select(erasures.c.id).where(
                erasures.c.external_id == external_id,
                erasures.c.state != ErasureState.CERTIFIED,
            )
        )
        if under_way is not None:
            return self.get(under_way)
        if person is None:
            raise NotFound(f"no candidate {external_id[:100]!r}", code="unknown_candidate")
        theirs = self._theirs(external_id, None if only is None else set(only))
        held = self._held_among([row.id for row in theirs])
        gone = [row for row in theirs if row.id not in held]
        salt, erasure = secrets.token_hex(16), new_id("ers")
        policies = [read_plan(row.plan).policy for row in gone]
        self._connection.execute(
            sa.insert(erasures).values(
                id=erasure,
                state=ErasureState.ASKED,
                reason=reason,
                asked_at=self._clock(),
                asked_by=asked_by,
                external_id=external_id,
                name=person.name,
                email=person.email,
                candidate_salt=salt,
                candidate_sha256=candidate_digest(salt, external_id),
                held=json.dumps(held),
                policies=json.dumps(sorted({one.whole_id for one in policies})),
            )
        )
        self._shut(erasure, [(row.id, row.batch_id) for row in gone])
        if only is None:
            self._not_to_come(erasure, external_id)
        return self.get(erasure)

    def _theirs(self, external_id: str, only: set[str] | None) -> list[Any]:
        statement = (
            sa.select(interviews.c.id, interviews.c.batch_id, batches.c.plan)
            .join(batches, batches.c.id == interviews.c.batch_id)
            .where(interviews.c.candidate_id == external_id)
            .order_by(interviews.c.id)
            .with_for_update(of=interviews)
        )
        rows = self._connection.execute(statement).all()
        return [row for row in rows if only is None or row.id in only]

    def erased(self, interview_ids: Sequence[str]) -> set[str]:
        """Those of the interviews that were erased, or are not to come into being."""
        statement = sa.select(erased_interviews.c.interview_id)
        mine = erased_interviews.c.interview_id.in_(interview_ids)
        return set(self._connection.scalars(statement.where(mine)))

    def _held_among(self, ids: Sequence[str]) -> list[str]:
        statement = sa.select(legal_holds.c.interview_id).where(legal_holds.c.interview_id.in_(ids))
        return sorted(self._connection.scalars(statement))

    def _shut(self, erasure: str, gone: Sequence[tuple[str, str]]) -> None:
        ids = [one for one, _ in gone]
        self._insert_missing(
            erased_interviews,
            [
                {
                    "interview_id": one,
                    "erasure_id": erasure,
                    "batch_id": batch,
                    "discounted": True,
                }
                for one, batch in gone
            ],
        )
        self._connection.execute(
            sa.update(interviews)
            .where(interviews.c.id.in_(ids))
            .values(token_version=interviews.c.token_version + 1)
        )
        self._connection.execute(
            sa.update(mails)
            .where(mails.c.interview_id.in_(ids), mails.c.state == "pending")
            .values(
                state="dead", last_error="the candidate is erased", owner=None, leased_until=None
            )
        )

    def _not_to_come(self, erasure: str, external_id: str) -> None:
        invited = sa.exists().where(
            interviews.c.batch_id == batches.c.id, interviews.c.candidate_id == external_id
        )
        being_cut = sa.select(batches.c.id).where(batches.c.state == "accepted", ~invited)
        self._insert_missing(
            erased_interviews,
            [
                {
                    "interview_id": interview_id(batch, external_id),
                    "erasure_id": erasure,
                    "batch_id": batch,
                    "discounted": False,
                }
                for batch in self._connection.scalars(being_cut)
            ],
        )

    def get(self, erasure_id: str) -> ErasureRow:
        """Raises `NotFound` (`unknown_erasure`)."""
        statement = sa.select(erasures).where(erasures.c.id == erasure_id)
        row = self._connection.execute(statement).first()
        if row is None:
            raise unknown_erasure(erasure_id)
        return self._row(row)

    def open(self, limit: int) -> list[str]:
        """Erasures without a certificate, the oldest first."""
        statement = sa.select(erasures.c.id).where(erasures.c.state != ErasureState.CERTIFIED)
        return list(self._connection.scalars(statement.order_by(erasures.c.asked_at).limit(limit)))

    def certified(self) -> list[ErasureRow]:
        """All that have a certificate, oldest first."""
        statement = sa.select(erasures).where(erasures.c.state == ErasureState.CERTIFIED)
        rows = self._connection.execute(statement.order_by(erasures.c.asked_at)).all()
        return [self._row(row) for row in rows]

    def watched(self) -> list[str]:
        """Erasures after which something may still arrive: an upload under a policy that is still good."""
        statement = sa.select(erasures.c.id).where(erasures.c.watched_until > self._clock())
        return list(self._connection.scalars(statement))

    def still_there(
        self, interview_ids: Sequence[str], is_meant: Callable[[str], bool], before: datetime
    ) -> dict[str, list[str]]:
        """Whom a restored copy holds again: by the EHR's id, with the interviews that are meant.

        Those with one of the ids, and all of whom `is_meant` as far as they are from `before`: who was invited anew
        since stays. Every candidate is asked about, which takes a second for some hundred thousand.
        """
        meant = [
            one
            for one in self._connection.scalars(
                sa.select(candidates.c.external_id).where(candidates.c.updated_at <= before)
            )
            if is_meant(one)
        ]
        found: dict[str, list[str]] = {one: [] for one in meant}
        theirs = sa.select(interviews.c.candidate_id, interviews.c.id).where(
            interviews.c.id.in_(interview_ids)
            | (interviews.c.candidate_id.in_(meant) & (interviews.c.created_at <= before))
        )
        for external_id, one in self._connection.execute(theirs):
            found.setdefault(external_id, []).append(one)
        return found

    def remove_rows(self, erasure_id: str, log: ProcessLog) -> None:
        """Remove every row of the erased interviews, and the candidate's own where no interview is left.

        The last step of each interview tells the webhooks. Done by another run, nothing happens.

        Raises `NotFound` (`unknown_erasure`).
        """
        held = sa.select(erasures).where(erasures.c.id == erasure_id).with_for_update()
        row = self._connection.execute(held).first()
        if row is None:
            raise unknown_erasure(erasure_id)
        if row.state != ErasureState.ASKED:
            return
        ids = [one.interview_id for one in self._interviews(erasure_id)]
        mine = sa.select(interviews.c.id, interviews.c.batch_id).where(interviews.c.id.in_(ids))
        # Whoever is about to add a row to one of them is waited for, or waits and finds it gone.
        there = self._connection.execute(mine.order_by(interviews.c.id).with_for_update()).all()
        counted = self._remove_of([one.id for one in there], log)
        for batch in sorted({one.batch_id for one in there}):
            fewer = sum(one.batch_id == batch for one in there)
            self._connection.execute(
                sa.update(batches)
                .where(batches.c.id == batch)
                .values(accepted=batches.c.accepted - fewer)
            )
        counted |= self._remove_person(row, ids)
        self._connection.execute(
            sa.update(erasures)
            .where(erasures.c.id == erasure_id)
            .values(state=ErasureState.SHUT, rows_removed=json.dumps(counted))
        )

    def _remove_of(self, ids: list[str], log: ProcessLog) -> dict[str, int]:
        counted: dict[str, int] = {}
        events = sa.select(deliveries.c.event_id).where(deliveries.c.interview_id.in_(ids))
        conditions: list[tuple[sa.Table, sa.ColumnElement[bool]]] = [
            (delivery_attempts, delivery_attempts.c.event_id.in_(events))
        ]
        # Children before their parents; a table that comes later with such a column is emptied too.
        conditions += [
            (table, table.c.interview_id.in_(ids))
            for table in reversed(metadata.sorted_tables)
            if "interview_id" in table.c and table is not erased_interviews
        ]
        for table, of_them in conditions:
            self._count_removed(counted, table, of_them)
        for one in ids:
            log.close(one)
        self._count_removed(counted, interviews, interviews.c.id.in_(ids))
        return counted

    def _remove_person(self, row: Any, ids: list[str]) -> dict[str, int]:
        """The person's own row, and answers of ours that name them and are kept for repeated requests."""
        counted: dict[str, int] = {}
        left = sa.exists().where(interviews.c.candidate_id == row.external_id)
        if not self._connection.scalar(sa.select(left)):
            self._count_removed(counted, candidates, candidates.c.external_id == row.external_id)
        kept = sa.select(idempotency.c.scope, idempotency.c.key, idempotency.c.body)
        named = [in_json(needle) for needle in (row.external_id, row.email)]
        for one in self._connection.execute(kept).all():
            told = one.body or ""  # sealed: the database cannot look into it
            if any(needle in told for needle in named) or any(name in one.scope for name in ids):
                which = (idempotency.c.scope == one.scope) & (idempotency.c.key == one.key)
                self._count_removed(counted, idempotency, which)
        return counted

    def _count_removed(
        self, counted: dict[str, int], table: sa.Table, which: sa.ColumnElement[bool]
    ) -> None:
        removed = self._connection.execute(sa.delete(table).where(which)).rowcount
        if removed:
            counted[table.name] = counted.get(table.name, 0) + removed

    def discount(self, interview_id: str) -> None:
        """The row of this interview was taken out of its batch before it was made; once."""
        first = (
            sa.update(erased_interviews)
            .where(
                erased_interviews.c.interview_id == interview_id,
                erased_interviews.c.discounted.is_(sa.false()),
            )
            .values(discounted=True)
            .returning(erased_interviews.c.batch_id)
        )
        batch = self._connection.scalar(first)
        if batch is not None:
            self._connection.execute(
                sa.update(batches)
                .where(batches.c.id == batch)
                .values(accepted=batches.c.accepted - 1)
            )

    def keep_inventory(self, erasure_id: str, found: Sequence[Removed]) -> None:
        """What the store held when the doors were shut; the first run's list counts."""
        self._connection.execute(
            sa.update(erasures)
            .where(erasures.c.id == erasure_id, erasures.c.inventory.is_(None))
            .values(inventory=json.dumps([one.model_dump() for one in found]))
        )

    def certify(self, erasure_id: str, signed: SignedCertificate, watched_until: datetime) -> bool:
        """Keep the certificate and forget whom it is about; False when another run has done it."""
        return self._changed(
            sa.update(erasures)
            .where(erasures.c.id == erasure_id, erasures.c.state == ErasureState.SHUT)
            .values(
                state=ErasureState.CERTIFIED,
                certificate=signed.canonical().decode(),
                watched_until=watched_until,
                external_id=None,
                name=None,
                email=None,
            )
        )

    def _interviews(self, erasure_id: str) -> list[ErasedInterview]:
        statement = (
            sa.select(erased_interviews)
            .where(erased_interviews.c.erasure_id == erasure_id)
            .order_by(erased_interviews.c.interview_id)
        )
        return [
            ErasedInterview(row.interview_id, row.batch_id, row.discounted)
            for row in self._connection.execute(statement)
        ]

    def _row(self, row: Any) -> ErasureRow:
        return ErasureRow(
            id=row.id,
            state=ErasureState(row.state),
            reason=row.reason,
            asked_at=row.asked_at,
            asked_by=row.asked_by,
            person=None
            if row.external_id is None
            else CandidateRow.model_construct(
                external_id=row.external_id, name=row.name, email=row.email
            ),
            candidate_salt=row.candidate_salt,
            candidate_sha256=row.candidate_sha256,
            interviews=self._interviews(row.id),
            held=json.loads(row.held),
            policies=json.loads(row.policies),
            rows=json.loads(row.rows_removed or "{}"),
            inventory=None
            if row.inventory is None
            else [Removed.model_validate(one) for one in json.loads(row.inventory)],
            certificate=None
            if row.certificate is None
            else SignedCertificate.stored(row.certificate),
        )


def unknown_erasure(erasure_id: str) -> NotFound:
    return NotFound(f"no erasure {erasure_id[:40]!r}", code="unknown_erasure")
