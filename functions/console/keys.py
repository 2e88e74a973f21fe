"""API keys over HTTP: list, make, rotate with overlap, revoke.

Nobody gives away more than they have: a key makes, rotates and revokes only keys whose scopes it holds itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from greenroom.domain.api_key import NewApiKey, Rotation
from greenroom.domain.errors import Forbidden, Invalid
from greenroom.runtime.api_keys import MadeKey, make_key, rotate_key
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import idempotency_key
from greenroom.runtime.tokens import signing_secret

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import ApiKeyRow
    from greenroom.runtime.function import Function


def list_keys(app: Function[Settings]) -> Response:
    """``GET /v1/api-keys``: all of them with what became of each, never a key itself."""
    with app.database.begin() as tx:
        found = tx.api_keys.list()
    return Response.json({"api_keys": [_shown(key, app) for key in found]})


def create_key(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/api-keys``; with the same `Idempotency-Key` the same key again.

    Raises `Forbidden` (`scope_not_yours`), `Invalid` (`already_over`), `Conflict` (`idempotency_key_reused`).
    """
    wanted = request.document(NewApiKey)
    _own(request, wanted.scopes)
    if wanted.expires_at is not None and wanted.expires_at <= app.clock():
        raise Invalid("expires_at is in the past", code="already_over")
    with app.database.begin() as tx:
        made = make_key(tx, wanted, token_key=_secret(app), once=_once(request))
    return _answer(made, app)


def rotate(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/api-keys/{key}/rotate``; the old key stays good for `overlap_hours`.

    Raises `NotFound` (`unknown_api_key`), `Forbidden` (`scope_not_yours`), `Conflict` (`api_key_ended`,
    `api_key_replaced`).
    """
    wish = request.document(Rotation) if request.body.strip() else Rotation()
    key_id = request.params["key"]
    with app.database.begin() as tx:
        _own(request, tx.api_keys.find(key_id).scopes)
        made = rotate_key(tx, key_id, wish, token_key=_secret(app), once=_once(request))
    return _answer(made, app)


def revoke(request: Request, app: Function[Settings]) -> Response:
    """``DELETE /v1/api-keys/{key}``: at once, console sessions of it too.

    Raises `NotFound` (`unknown_api_key`), `Forbidden` (`scope_not_yours`).
    """
    with app.database.begin() as tx:
        _own(request, tx.api_keys.find(request.params["key"]).scopes)
        tx.api_keys.revoke(request.params["key"])
    return Response.empty()


def _own(request: Request, scopes: Iterable[str]) -> None:
    lacking = sorted(set(scopes) - request.who.scopes)
    if lacking:
        raise Forbidden(f"your own API key lacks {', '.join(lacking)}", code="scope_not_yours")


def _once(request: Request) -> tuple[str, ...]:
    """What makes a repeated request the same one; empty without an Idempotency-Key."""
    given = idempotency_key(request)
    return (request.who.id, request.path, given) if given else ()


def _answer(made: MadeKey, app: Function[Settings]) -> Response:
    """The one answer that holds the key, and the secret to sign with."""
    secrets = {"key": made.plain, "signing_secret": signing_secret(_secret(app), made.row.id)}
    return Response.json({**_shown(made.row, app), **secrets}, 201, {"Cache-Control": "no-store"})


def _shown(key: ApiKeyRow, app: Function[Settings]) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "signed": key.signed,
        "state": key.state(app.clock()),
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "replaced_by": key.replaced_by,
    }


def _secret(app: Function[Settings]) -> str:
    return app.settings.tokens.key.get_secret_value()
