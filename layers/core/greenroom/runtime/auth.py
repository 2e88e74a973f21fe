"""Who is asking: API keys with scopes, candidates by their personal link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from greenroom.domain.errors import Forbidden, NotFound, Unauthorized
from greenroom.domain.interview import BEGUN
from greenroom.runtime.http import Principal
from greenroom.runtime.tokens import (
    api_key_id,
    check_api_key,
    expired_token,
    invalid_api_key,
    read_candidate_token,
)

if TYPE_CHECKING:
    from greenroom.adapters.database import Database


@dataclass(frozen=True)
class Seen:
    """What a reading request looks at, for the audit log: `interview` and its id, or `interviews` and none."""

    subject: str
    subject_id: str


def api_key_principal(
    database: Database, plain: str, scope: str, seen: Seen | None = None
) -> Principal:
    """Raises `Unauthorized` (`api_key_invalid`) or `Forbidden` (`scope_missing`).

    What is `seen` stands in the audit log before it is shown.
    """
    key_id = api_key_id(plain)
    with database.begin() as tx:
        kept = tx.api_keys.get(key_id)
        if kept is None:
            raise invalid_api_key()
        check_api_key(plain, kept.sha256)
        if scope not in kept.scopes:
            raise Forbidden(f"this API key lacks the scope {scope}", code="scope_missing")
        who = Principal("api_key", kept.id, frozenset(kept.scopes))
        if seen is not None:
            tx.audit.append(who.actor, f"{seen.subject}.seen", seen.subject, seen.subject_id)
    return who


def candidate_principal(
    database: Database,
    key: str,
    token: str,
    now: datetime,
    *,
    grace: timedelta = timedelta(),
) -> Principal:
    """Who follows a personal link. Within `grace` after its end it still opens an interview that was begun.

    Raises `Unauthorized`: `token_invalid`, `token_expired`, `token_revoked`.
    """
    claims = read_candidate_token(key, token, now=now, grace=grace)
    try:
        with database.begin() as tx:
            interview = tx.interviews.get(claims.interview)
    except NotFound as error:
        raise Unauthorized("this link is not valid", code="token_invalid") from error
    if claims.version < interview.token_version:
        raise Unauthorized("a newer link was sent; use that one", code="token_revoked")
    if now >= claims.expires and interview.state not in BEGUN:
        raise expired_token()
    return Principal("candidate", interview.id)
