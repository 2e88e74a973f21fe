"""The candidate pool and its filters over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.invitation.catalogue import same_id
from greenroom.domain import keys
from greenroom.domain.batch import CandidateRow
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.model import canonical_json
from greenroom.runtime.candidate_pool import fitting
from greenroom.runtime.erasing import ask
from greenroom.runtime.http import Request, Response
from greenroom.runtime.paging import links, next_page, only_known, page_size
from greenroom.runtime.tokens import candidate_pseudonym

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function

PATH = "/v1/candidates"


def save_candidate(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/candidates/{external_id}``: what the EHR knows now, in place of what it said before."""
    candidate = request.document(CandidateRow)
    same_id(request.params["external_id"], candidate.external_id)
    with app.database.begin() as tx:
        tx.candidates.save(candidate)
        actor = request.who.actor
        pseudonym = candidate_pseudonym(
            app.settings.tokens.key.get_secret_value(), candidate.external_id
        )
        tx.audit.append(actor, "candidate.saved", "candidate", pseudonym)
    return Response.json(candidate)


def read_candidate(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/candidates/{external_id}``. Raises `NotFound` (`unknown_candidate`)."""
    with app.database.begin() as tx:
        return Response.json(tx.candidates.get(request.params["external_id"]))


def erase_candidate(request: Request, app: Function[Settings]) -> Response:
    """``DELETE /v1/candidates/{external_id}``: 202; the doors are shut at once, the rest follows in the queue.

    Asked again while it is under way, the answer is the same. Raises `NotFound` (`unknown_candidate`), `Conflict`
    (`legal_hold`) when every interview is under legal hold.
    """
    with app.database.begin() as tx:
        row = ask(tx, request.params["external_id"], request.who.actor)
    app.store.put(keys.erasure(row.id), canonical_json({"erasure": row.id}))
    path = f"/v1/erasures/{row.id}"
    answer = {
        "erasure": row.id,
        "state": row.state,
        "interviews": row.ids,
        "held": row.held,
        "links": {"self": path},
    }
    return Response.json(answer, 202, {"Location": path})


def list_candidates(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/candidates?filter=``, by external id, in pages.

    Raises `Invalid` (`invalid_query`), `NotFound` (`unknown_filter`).
    """
    only_known(request.query, {"filter", "limit", "after"})
    limit = page_size(request.query)
    after = request.query.get("after") or None
    with app.database.begin() as tx:
        # One more than asked for tells whether there is a next page.
        found = fitting(tx, request.query.get("filter"), limit + 1, after)
    shown = found[:limit]
    cursor = shown[-1].external_id if len(found) > limit else None
    following = next_page(PATH, request.query, cursor)
    listed = [candidate.model_dump(mode="json") for candidate in shown]
    headers = links(PATH, request.query, following)
    return Response.json({"candidates": listed, "next": following}, headers=headers)


def save_filter(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/candidate-filters/{id}``."""
    wanted = request.document(CandidateFilter)
    same_id(request.params["id"], wanted.id)
    with app.database.begin() as tx:
        tx.catalogue.save_filter(wanted)
        actor = request.who.actor
        tx.audit.append(actor, "candidate_filter.saved", "candidate_filter", wanted.id)
    return Response.json(wanted)


def read_filter(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/candidate-filters/{id}``. Raises `NotFound` (`unknown_filter`)."""
    with app.database.begin() as tx:
        return Response.json(tx.catalogue.filter(request.params["id"]))


def list_filters(app: Function[Settings]) -> Response:
    """``GET /v1/candidate-filters``."""
    with app.database.begin() as tx:
        found = tx.catalogue.filters()
    return Response.json({"filters": [item.model_dump(mode="json") for item in found]})
