"""`Idempotency-Key`: the first request runs, a repeated one gets the first one's answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from greenroom.domain.errors import Invalid
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, Transaction

MAX_KEY = 200


def idempotency_key(request: Request) -> str:
    """The header's value, "" without it. Raises `Invalid` (`invalid_idempotency_key`)."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > MAX_KEY or not key.isprintable():
        raise Invalid(
            f"Idempotency-Key: at most {MAX_KEY} printable characters",
            code="invalid_idempotency_key",
        )
    return key


@dataclass
class Once:
    """One run of a request. `key` is the header's value, "" without it.

    `answer` keeps the answer in the transaction of what it tells of: killed at any moment, either both are there, and
    the same request gets this answer, or nothing has happened.
    """

    whose: str
    key: str
    kept: bool = False

    def answer(self, tx: Transaction, response: Response) -> Response:
        if self.key:
            tx.idempotency.finish(self.whose, self.key, response.status, response.body)
            self.kept = True
        return response


def idempotent(
    database: Database, request: Request, scope: str, run: Callable[[Once], Response]
) -> Response:
    """Call `run` once per key and caller; store what it answered and answer the same again.

    Without the header nothing is remembered. What `run` has not kept itself (`Once.answer`) is kept afterwards: killed
    in between, the same request runs again after a minute, so such a `run` must bear that. Raises `Conflict`
    (`idempotency_key_reused`, `in_progress`) and `Invalid` (`invalid_idempotency_key`). When `run` raises, the key is
    free again.
    """
    key = idempotency_key(request)
    whose = f"{scope}:{request.who.id}"
    once = Once(whose, key)
    if not key:
        return run(once)
    asked = f"{request.method} {request.path}?{urlencode(sorted(request.query.items()))}\n"
    fingerprint = hashlib.sha256(asked.encode() + request.body).hexdigest()
    with database.begin() as tx:
        stored = tx.idempotency.begin(whose, key, fingerprint)
    if stored is not None:
        headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
        return Response.json(json.loads(stored.body), stored.status, headers)
    try:
        response = run(once)
    except BaseException:  # whatever ends it, the key must not stay taken
        with database.begin() as tx:
            tx.idempotency.abandon(whose, key)
        raise
    if not once.kept:
        with database.begin() as tx:
            tx.idempotency.finish(whose, key, response.status, response.body)
    return response
