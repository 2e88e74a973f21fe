"""A place in the store to measure the uplink against, and its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.errors import Conflict
from greenroom.domain.interview import RECORDABLE
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function

MAX_BYTES = 2**20
EXPIRES_S = 120


def offer_probe(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/candidate/probe``: a POST policy for one object of at most a mebibyte.

    Raises `Conflict` (`interview_not_open`): who has nothing to record has nothing to measure.
    """
    with app.database.begin() as tx:
        interview = tx.interviews.get(request.who.id)
    if interview.state not in RECORDABLE:
        raise Conflict(f"the interview is {interview.state}", code="interview_not_open")
    policy = app.store.upload_policy(
        keys.probes(request.who.id),
        expires_s=EXPIRES_S,
        max_bytes=MAX_BYTES,
        content_type_prefix="application/",
    )
    document = {
        "url": policy.url,
        "fields": policy.fields,
        "key": f"{policy.key_prefix}uplink",
        "max_bytes": policy.max_bytes,
    }
    return Response.json(document, 201, {"Cache-Control": "no-store"})


def remove_probes(app: Function[Settings]) -> None:
    """What was measured with is of no further use; one that is just being uploaded goes a minute later."""
    for found in app.store.listing(keys.PROBES):
        app.store.delete(found.key)
