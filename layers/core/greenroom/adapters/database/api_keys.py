"""API keys: id, digest and scopes; the key itself is nowhere."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from greenroom.adapters.database.rows import ApiKeyRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import api_keys


class ApiKeys(Repository):
    def add(self, key_id: str, sha256: str, scopes: Sequence[str], name: str) -> None:
        row = {
            "id": key_id,
            "sha256": sha256,
            "scopes": json.dumps(list(scopes)),
            "name": name,
            "created_at": self._clock(),
        }
        self._insert_missing(api_keys, [row])

    def get(self, key_id: str) -> ApiKeyRow | None:
        row = self._connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).first()
        if row is None:
            return None
        return ApiKeyRow(row.id, row.sha256, json.loads(row.scopes), row.name)
