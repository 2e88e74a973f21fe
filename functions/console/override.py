"""A person's score in the place of software's, over the API and from the desk: with a reason, logged, told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console.api import summary
from functions.console.desk import desk_page
from functions.console.session import visitor_of
from greenroom.domain import keys
from greenroom.domain.errors import Conflict, Invalid, NotFound
from greenroom.domain.events import EventType
from greenroom.domain.model import canonical_json
from greenroom.domain.override import NewOverride
from greenroom.domain.scorecard import CompetencyScore, Scorecard
from greenroom.runtime.documents import stored_document
from greenroom.runtime.http import Principal, Request, Response
from greenroom.runtime.standing import record_standing

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function


def put_override(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/interviews/{interview}/scores/{competency}``. The same again changes nothing.

    Raises `Invalid` (`invalid_document`), `NotFound` (`unknown_interview`, `unknown_competency`), `Conflict`
    (`not_scored`).
    """
    return _changed(request, request.document(NewOverride), request.who, app)


def delete_override(request: Request, app: Function[Settings]) -> Response:
    """``DELETE /v1/interviews/{interview}/scores/{competency}``: software's score holds again.

    Raises what `put_override` raises.
    """
    return _changed(request, None, request.who, app)


def override_at_desk(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/interviews/{interview}/scores/{competency}``: `score` and `reason`, or ``action=restore``.

    Back to the desk, which says what is wrong. Raises `NotFound`.
    """
    form = request.form()
    wanted = None
    try:
        if form.get("action") != "restore":
            typed = {"score": _number(form.get("score", "")), "reason": form.get("reason", "")}
            wanted = NewOverride.parse(canonical_json(typed), what="override")
        _changed(request, wanted, visitor_of(request), app)
    except (Conflict, Invalid) as error:
        return desk_page(request, app, problem=error)
    where = f"/console/interviews/{request.params['interview']}/desk"
    return Response.redirect(f"{where}#competency-{request.params['competency']}")


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _changed(
    request: Request, wanted: NewOverride | None, who: Principal, app: Function[Settings]
) -> Response:
    interview_id, competency = request.params["interview"], request.params["competency"]
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        row = tx.interviews.get(interview_id)
        scorecard = stored_document(app.store, keys.scorecard(interview_id), Scorecard)
        if scorecard is None:
            raise Conflict("software has not scored this interview", code="not_scored")
        own = _own(scorecard, competency)
        if _keep(tx, interview_id, competency, wanted, who.id):
            standing = record_standing(tx, row, scorecard)
            details: dict[str, Any] = {
                "competency": competency,
                "score": standing.competencies[competency],
                "software": own.score,
                "total": standing.total.score,
                "by": who.id,
            }
            if wanted is not None:
                details["reason"] = wanted.reason
            kind = EventType.SCORE_OVERRIDDEN if wanted else EventType.SCORE_RESTORED
            tx.process_log.append(interview_id, kind, details)
            tx.audit.append(
                who.actor,
                "score.overridden" if wanted else "score.restored",
                "interview",
                interview_id,
                competency=competency,
            )
        return Response.json(summary(tx.interviews.get(interview_id)))


def _own(scorecard: Scorecard, competency: str) -> CompetencyScore:
    for item in scorecard.competencies:
        if item.id == competency:
            return item
    raise NotFound(f"no competency {competency[:64]!r} here", code="unknown_competency")


def _keep(
    tx: Transaction, interview_id: str, competency: str, wanted: NewOverride | None, by: str
) -> bool:
    """Whether that changed anything."""
    if wanted is None:
        return tx.overrides.remove(interview_id, competency)
    before = tx.overrides.of(interview_id).get(competency)
    if before and (before.score, before.reason) == (wanted.score, wanted.reason):
        return False
    tx.overrides.put(interview_id, competency, wanted, by)
    return True
