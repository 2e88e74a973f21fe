"""Idempotency keys: the first request holds the key, the same request later gets its answer."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from greenroom.adapters.database.rows import StoredResponse
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import idempotency
from greenroom.domain.errors import Conflict

IN_PROGRESS = timedelta(seconds=60)
KEPT = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 100


class Idempotency(Repository):
    def begin(self, scope: str, key: str, fingerprint: str) -> StoredResponse | None:
        """None: the key is ours for a minute. Otherwise what was answered the first time.

        Raises `Conflict`: `idempotency_key_reused` for another request, `in_progress` while another holds it.
        """
        if self._taken(scope, key, fingerprint):
            self._forget_expired()
            return None
        mine = (idempotency.c.scope == scope) & (idempotency.c.key == key)
        found = self._connection.execute(sa.select(idempotency).where(mine)).one()
        if found.fingerprint != fingerprint:
            raise Conflict(
                "this Idempotency-Key was used with another request", code="idempotency_key_reused"
            )
        if found.status is None:
            raise Conflict("the first request is still being answered", code="in_progress")
        return StoredResponse(found.status, found.body)

    def finish(self, scope: str, key: str, status: int, body: str) -> None:
        """Keep the answer for a day."""
        self._connection.execute(
            sa.update(idempotency)
            .where(idempotency.c.scope == scope, idempotency.c.key == key)
            .values(status=status, body=body, expires_at=self._clock() + KEPT)
        )

    def abandon(self, scope: str, key: str) -> None:
        """Free a key whose request failed."""
        self._connection.execute(
            sa.delete(idempotency).where(
                idempotency.c.scope == scope,
                idempotency.c.key == key,
                idempotency.c.status.is_(None),
            )
        )

    def _taken(self, scope: str, key: str, fingerprint: str) -> bool:
        """Take the key when nobody has it any more. Either way its row is ours until the commit."""
        now = self._clock()
        ours = {
            "fingerprint": fingerprint,
            "status": None,
            "body": None,
            "expires_at": now + IN_PROGRESS,
        }
        statement = (
            self._insert(idempotency)
            .values(scope=scope, key=key, **ours)
            .on_conflict_do_update(
                index_elements=["scope", "key"], set_=ours, where=idempotency.c.expires_at <= now
            )
            .returning(sa.literal(1))
        )
        return self._connection.execute(statement).first() is not None

    def _forget_expired(self) -> None:
        """A few at a time, and none that another transaction is at."""
        expired = self._free(
            sa.select(idempotency.c.scope, idempotency.c.key)
            .where(idempotency.c.expires_at <= self._clock())
            .limit(FORGOTTEN_AT_ONCE),
            idempotency,
        )
        keys = [tuple(row) for row in self._connection.execute(expired)]
        if keys:
            gone = sa.tuple_(idempotency.c.scope, idempotency.c.key).in_(keys)
            self._connection.execute(sa.delete(idempotency).where(gone))
