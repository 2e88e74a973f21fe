"""Who is asking: API keys with scopes, candidates by their personal link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from greenroom.domain.errors import Forbidden, NotFound, TooManyRequests, Unauthorized
from greenroom.domain.interview import BEGUN, InterviewState
from greenroom.runtime.http import Principal, Request
from greenroom.runtime.inbound_signature import check_signature
from greenroom.runtime.tokens import (
    CandidateClaims,
    api_key_id,
    candidate_pseudonym,
    check_api_key,
    expired_token,
    invalid_api_key,
    read_candidate_token,
    signing_secret,
)

if TYPE_CHECKING:
    from greenroom.adapters.database import ApiKeyRow, Database, Transaction
    from greenroom.runtime.settings import ApiSettings


@dataclass(frozen=True)
class Seen:
    """What a reading request looks at, for the audit log: `interview` and its id, or `interviews` and none."""

    subject: str
    subject_id: str


def api_key_principal(database: Database, plain: str, scope: str) -> Principal:
    """Raises `Unauthorized` (`api_key_invalid`) or `Forbidden` (`scope_missing`)."""
    with database.begin() as tx:
        return _principal(_good_key(tx, plain), scope)


def api_caller(
    database: Database,
    request: Request,
    plain: str,
    scope: str,
    *,
    seen: Seen | None = None,
    rate: ApiSettings,
    token_key: str,
) -> Principal:
    """Whose API key came with the request, counted against its rate, its signature checked where there is one.

    What is `seen` stands in the audit log before it is shown.

    Raises `Unauthorized` (`api_key_invalid`, `signature_missing`, `signature_invalid`), `Forbidden`
    (`scope_missing`), `TooManyRequests` (`rate_limited`).
    """
    with database.begin() as tx:
        key = _good_key(tx, plain)
        wait_s = tx.request_rates.take(key.id, per_s=rate.requests_per_s, burst=rate.burst)
    if wait_s > 0:
        raise TooManyRequests(
            f"more than {rate.requests_per_s:g} requests a second", retry_after_s=ceil(wait_s)
        )
    if "webhook-signature" in request.headers:
        check_signature(signing_secret(token_key, key.id), request)
    elif key.signed and request.method != "GET":
        raise Unauthorized("this API key must sign what it changes", code="signature_missing")
    who = _principal(key, scope)
    if seen is not None:
        seen = _pseudonymous(seen, token_key)
        with database.begin() as tx:
            tx.audit.append(who.actor, f"{seen.subject}.seen", seen.subject, seen.subject_id)
    return who


def _pseudonymous(seen: Seen, token_key: str) -> Seen:
    if seen.subject != "candidate":
        return seen
    return Seen(seen.subject, candidate_pseudonym(token_key, seen.subject_id))


def _good_key(tx: Transaction, plain: str) -> ApiKeyRow:
    """Raises `Unauthorized` (`api_key_invalid`)."""
    kept = tx.api_keys.get(api_key_id(plain))
    if kept is None:
        raise invalid_api_key()
    check_api_key(plain, kept.sha256)
    return kept


def _principal(key: ApiKeyRow, scope: str) -> Principal:
    if scope not in key.scopes:
        raise Forbidden(f"this API key lacks the scope {scope}", code="scope_missing")
    return Principal("api_key", key.id, frozenset(key.scopes))


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
        with database.reading() as tx:
            version, state = tx.interviews.link(claims.interview)
    except NotFound as error:
        raise Unauthorized("this link is not valid", code="token_invalid") from error
    hold_link(claims, version, state, now)
    return Principal("candidate", claims.interview)


def hold_link(claims: CandidateClaims, version: int, state: InterviewState, now: datetime) -> None:
    """Hold what a link says against its interview: the version that is good, and the state.

    Raises `Unauthorized`: `token_expired`, `token_revoked`.
    """
    if claims.version < version:
        raise Unauthorized("a newer link was sent; use that one", code="token_revoked")
    if now >= claims.expires and state not in BEGUN:
        raise expired_token()
