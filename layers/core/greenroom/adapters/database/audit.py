"""The audit log's rows: appended one after another, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import audit_head, audit_log
from greenroom.adapters.database.statements import Repository
from greenroom.clock import Clock
from greenroom.domain.audit import Act, Actor, Details, Entry, Head, Tampered, chained, verify

_LOG = audit_log
BLOCK = 1000
"""Rows read at a time when the whole log is walked through."""


class AuditLog(Repository):
    """What a transaction did stands in the log when it is committed, and not when it is rolled back."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        super().__init__(connection, clock)
        self._waiting: list[Act] = []

    def append(
        self, actor: Actor, action: str, subject: str, subject_id: str = "", **details: Any
    ) -> None:
        """Note what is done; it is written when the transaction ends."""
        self._waiting.append(Act(actor, action, subject, subject_id, details))

    def write(self) -> None:
        """Chain what was noted. The head's row is the last lock a transaction takes, so none waits for another's."""
        if not self._waiting:
            return
        held = self._connection.execute(self._held(sa.select(audit_head))).one()
        head = Head(held.seq, held.sha256)
        rows = []
        for act in self._waiting:
            entry = chained(act, self._clock(), head)
            head = Head(entry.seq, entry.sha256)
            rows.append(_values(entry))
        self._connection.execute(sa.insert(_LOG), rows)
        self._connection.execute(sa.update(audit_head).values(seq=head.seq, sha256=head.sha256))
        self._waiting.clear()

    def head(self) -> Head:
        found = self._connection.execute(sa.select(audit_head)).one()
        return Head(found.seq, found.sha256)

    def find(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject_ids: Sequence[str] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> list[Entry]:
        """Newest first; of any of these subjects, of all without one; `before` is the `seq` of the last one seen."""
        statement = sa.select(_LOG).order_by(_LOG.c.seq.desc()).limit(limit)
        for column, wanted in ((_LOG.c.actor_id, actor), (_LOG.c.action, action)):
            if wanted is not None:
                statement = statement.where(column == wanted)
        if subject_ids:
            statement = statement.where(_LOG.c.subject_id.in_(subject_ids))
        if before is not None:
            statement = statement.where(_LOG.c.seq < before)
        return [_entry(row) for row in self._connection.execute(statement)]

    def verify(self, known: Head | None = None) -> Head:
        """Check every entry and that the head's row tells of the last one. Raises `Tampered`."""
        last, kept = verify(self._all(), known=known), self.head()
        if last != kept:
            missing = min(last.seq, kept.seq) + 1
            raise Tampered(f"the log ends at {last.seq} and not at {kept.seq}", seq=missing)
        return last

    def _all(self) -> Iterator[Entry]:
        seen = 0
        while True:
            block = sa.select(_LOG).where(_LOG.c.seq > seen).order_by(_LOG.c.seq).limit(BLOCK)
            rows = self._connection.execute(block).all()
            yield from map(_entry, rows)
            if len(rows) < BLOCK:
                return
            seen = rows[-1].seq


def _values(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor_kind": act.actor.kind,
        "actor_id": act.actor.id,
        "action": act.action,
        "subject": act.subject,
        "subject_id": act.subject_id,
        "details": json.dumps(dict(act.details), ensure_ascii=False, sort_keys=True),
        "previous_sha256": entry.previous_sha256,
        "sha256": entry.sha256,
    }


def _entry(row: Any) -> Entry:
    details: Details = json.loads(row.details)
    actor = Actor(row.actor_kind, row.actor_id)
    act = Act(actor, row.action, row.subject, row.subject_id, details)
    return Entry(row.seq, row.at, act, row.previous_sha256, row.sha256)
