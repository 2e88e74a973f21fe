"""API keys as pages: made with scopes and shown once, rotated with overlap, revoked.

An admin may give any scope: whoever runs the installation decides what its systems may do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import new_once, once_of, problems_of
from greenroom.domain.access import Permission
from greenroom.domain.api_key import SCOPES, NewApiKey, Rotation
from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.runtime.api_keys import MadeKey, make_key, rotate_key
from greenroom.runtime.http import Request, Response
from greenroom.runtime.tokens import signing_secret

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

PATH = "/console/settings/keys"
FIELDS = {"already_over": "expires_at"}


def keys_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
    made: MadeKey | None = None,
) -> Response:
    """``GET /console/settings/keys``. A key just `made` is shown in the answer to the form that asked for it."""
    now = app.clock()
    with app.database.begin() as tx:
        keys = tx.api_keys.list()
    signs = made is not None and made.row.signed
    return render(
        request,
        app,
        "settings_keys.html",
        status=problem.status if problem else 200,
        keys=[(key, key.state(now)) for key in keys],
        scopes=SCOPES,
        may_change=visitor_of(request).may(Permission.KEYS_WRITE),
        form=form or {},
        problems=problems_of(problem, FIELDS) if problem else {},
        once=new_once(),
        made=made,
        signing_secret=signing_secret(_token_key(app), made.row.id) if made and signs else None,
    )


def add_key(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/settings/keys`` with `name`, each scope, `signed`, `expires_at` (its last day)."""
    form = request.form()
    visitor = visitor_of(request)
    try:
        once = once_of(form, visitor, "api_key")
        wanted = _wanted(form, app)
    except Invalid as error:
        return keys_page(request, app, form=form, problem=error)
    with app.database.begin() as tx:
        before = {key.id for key in tx.api_keys.list()}
        made = make_key(tx, wanted, token_key=_token_key(app), once=once)
        if made.row.id not in before:
            scopes = [str(scope) for scope in wanted.scopes]
            tx.audit.append(visitor.actor, "api_key.created", "api_key", made.row.id, scopes=scopes)
    return keys_page(request, app, made=made)


def rotate_api_key(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{key}/rotate`` with `overlap_hours`; the same form again shows the same new key.

    Raises `NotFound` (`unknown_api_key`), `Conflict` (`api_key_ended`, `api_key_replaced`).
    """
    form, key_id = request.form(), request.params["key"]
    visitor = visitor_of(request)
    once = once_of(form, visitor, key_id)
    wish = Rotation.from_fields({"overlap_hours": form.get("overlap_hours")})
    with app.database.begin() as tx:
        was = tx.api_keys.find(key_id).replaced_by
        made = rotate_key(tx, key_id, wish, token_key=_token_key(app), once=once)
        if was is None:
            tx.audit.append(visitor.actor, "api_key.rotated", "api_key", key_id)
    return keys_page(request, app, made=made)


def revoke_api_key(request: Request, app: Function[Settings]) -> Response:
    """``POST .../{key}/revoke``: at once. Raises `NotFound` (`unknown_api_key`)."""
    key_id = request.params["key"]
    with app.database.begin() as tx:
        ended = tx.api_keys.find(key_id).state(app.clock()) == "revoked"
        if not ended:
            tx.api_keys.revoke(key_id)
            tx.audit.append(visitor_of(request).actor, "api_key.revoked", "api_key", key_id)
    return Response.redirect(PATH)


def _wanted(form: dict[str, str], app: Function[Settings]) -> NewApiKey:
    """Raises `Invalid` (`invalid_document`, `already_over`)."""
    wanted = NewApiKey.from_fields(
        {
            "name": form.get("name", "").strip(),
            "scopes": [scope for scope in SCOPES if f"scope:{scope}" in form],
            "signed": "signed" in form,
            "expires_at": _end_of(form.get("expires_at", ""), app.settings.time_zone),
        }
    )
    if wanted.expires_at is not None and wanted.expires_at <= app.clock():
        raise Invalid("expires_at is in the past", code="already_over")
    return wanted


def _end_of(day: str, time_zone: str) -> datetime | str | None:
    """The end of a day in the console's zone, None without one; the text itself where it is no day."""
    if not day:
        return None
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=ZoneInfo(time_zone))
        return (begins + timedelta(days=1)).astimezone(UTC)
    except (ValueError, OverflowError):
        return day


def _token_key(app: Function[Settings]) -> str:
    return app.settings.tokens.key.get_secret_value()
