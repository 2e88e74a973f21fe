"""API keys: id, digest, scopes and end; the key itself is nowhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import ApiKeyRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import api_keys
from greenroom.domain.errors import NotFound


class ApiKeys(Repository):
    def add(
        self,
        key_id: str,
        sha256: str,
        scopes: Sequence[str],
        name: str,
        *,
        signed: bool = False,
        expires_at: datetime | None = None,
    ) -> bool:
        """Whether this call added it: a key that is there stays as it is."""
        row = {
            "id": key_id,
            "sha256": sha256,
            "scopes": json.dumps(list(scopes)),
            "name": name,
            "created_at": self._clock(),
            "signed": signed,
            "expires_at": expires_at,
        }
        return self._inserted(api_keys, row)

    def get(self, key_id: str) -> ApiKeyRow | None:
        """The key while it is good: neither revoked nor expired."""
        row = self._row(key_id)
        return row if row is not None and row.state(self._clock()) == "active" else None

    def find(self, key_id: str) -> ApiKeyRow:
        """The key, whatever became of it. Raises `NotFound` (`unknown_api_key`)."""
        row = self._row(key_id)
        if row is None:
            raise NotFound(f"no API key {key_id[:40]!r}", code="unknown_api_key")
        return row

    def list(self) -> Sequence[ApiKeyRow]:
        """All that there ever were, oldest first."""
        statement = sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        return [_key(row) for row in self._connection.execute(statement)]

    def replace(self, key_id: str, by: str, until: datetime) -> bool:
        """The key ends at `until`, or earlier if it would; False where another has replaced it."""
        ends = sa.case(
            (api_keys.c.expires_at < until, api_keys.c.expires_at),
            else_=sa.literal(until, api_keys.c.expires_at.type),
        )
        return self._changed(
            sa.update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.replaced_by.is_(None))
            .values(replaced_by=by, expires_at=ends)
        )

    def revoke(self, key_id: str) -> None:
        """From now on it opens nothing; revoking it again changes nothing."""
        self._connection.execute(
            sa.update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=self._clock())
        )

    def _row(self, key_id: str) -> ApiKeyRow | None:
        row = self._connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).first()
        return None if row is None else _key(row)


def _key(row: Any) -> ApiKeyRow:
    return ApiKeyRow(
        row.id,
        row.sha256,
        json.loads(row.scopes),
        row.name,
        row.created_at,
        row.signed,
        row.expires_at,
        row.revoked_at,
        row.replaced_by,
    )
