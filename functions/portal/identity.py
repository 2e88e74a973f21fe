"""Pictures of the identity card and the candidate: with consent, encrypted before they rest, deleted in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.errors import Conflict, Forbidden, NotFound, TooLarge
from greenroom.domain.events import EventType
from greenroom.domain.identity import MAX_PICTURE_BYTES, IdentityPicture
from greenroom.domain.interview import RECORDABLE
from greenroom.domain.jpeg import read_jpeg
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.adapters.database import IdentityRow, InterviewRow, Transaction
    from greenroom.runtime.function import Function

AT_ONCE = 100


def asked_pictures(interview: InterviewRow) -> list[IdentityPicture]:
    """The pictures that the interview's template asks for."""
    return list(interview.plan.template.entry.identity)


def put_picture(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/candidate/identity/{picture}``: 201; again, in place of the one before.

    The row comes first, the object second, so that nothing rests in the store which no row says to delete. What
    was withdrawn or broken off in between is deleted here or by the next sweep.

    Raises `TooLarge` (`picture_too_large`), `Invalid` (`not_a_jpeg`, `picture_size`), `NotFound`
    (`unknown_picture`), `Conflict` (`interview_not_open`), `Forbidden` (`consent_missing`).
    """
    from greenroom.runtime.identity_pictures import (
        SealedPictures,
        identity_settings,
        picture_named,
    )

    picture, interview_id = picture_named(request.params["picture"]), request.who.id
    if len(request.body) > MAX_PICTURE_BYTES:
        raise TooLarge(f"more than {MAX_PICTURE_BYTES} bytes", code="picture_too_large")
    jpeg = read_jpeg(request.body)
    settings = identity_settings(app.settings)
    with app.database.begin() as tx:
        tx.interviews.hold(interview_id)
        _check(tx, interview_id, picture)
        allowed_days = tx.interviews.get(interview_id).plan.policy.retention.identity_days
        tx.identity.announce(interview_id, picture)
    SealedPictures(app.store, settings).put(interview_id, picture, jpeg.body)
    until = app.clock() + timedelta(days=min(settings.keep_days, allowed_days))
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        allowed = _has_consent(tx, interview_id)
        if allowed and tx.identity.keep(interview_id, picture, until):
            details = {"picture": picture, "delete_at": until.isoformat()}
            tx.process_log.append(interview_id, EventType.IDENTITY_TAKEN, details)
        kept = allowed and picture in tx.identity.kept(interview_id)
    if not kept:
        app.store.delete(keys.identity(interview_id, picture), every_version=True)
        raise Forbidden("consent was withdrawn meanwhile", code="consent_missing")
    return Response.json({"picture": picture, "kept_until": until.isoformat()}, 201)


def delete_due(app: Function[Settings], interview_id: str | None = None) -> None:
    """Delete the pictures that must be gone by now, of one interview or of all. Raises `Unavailable`."""
    while True:
        with app.database.begin() as tx:
            rows = tx.identity.due(AT_ONCE, interview_id)
        for row in rows:
            app.store.delete(keys.identity(row.interview_id, row.picture), every_version=True)
            _deleted(app, row)
        if len(rows) < AT_ONCE:
            return


def _deleted(app: Function[Settings], row: IdentityRow) -> None:
    with app.changes() as tx:
        tx.interviews.hold(row.interview_id)
        allowed = _has_consent(tx, row.interview_id)
        if tx.identity.deleted(row):
            reason = "broken_off" if row.state == "coming" else "retention"
            details = {"picture": row.picture, "reason": reason if allowed else "withdrawn"}
            tx.process_log.append(row.interview_id, EventType.IDENTITY_DELETED, details)


def _check(tx: Transaction, interview_id: str, picture: IdentityPicture) -> None:
    interview = tx.interviews.get(interview_id)
    if picture not in asked_pictures(interview):
        raise NotFound(f"this interview asks for no {picture}", code="unknown_picture")
    if interview.state not in RECORDABLE or tx.clock() >= interview.deadline:
        raise Conflict("this interview takes no pictures now", code="interview_not_open")
    if not _has_consent(tx, interview_id):
        raise Forbidden("consent to identity pictures was not given", code="consent_missing")


def _has_consent(tx: Transaction, interview_id: str) -> bool:
    return (tx.interviews.consents(interview_id) or NO_CONSENTS).identity
