"""What a hire's gaps become: the development plan for training, the improvement goals for performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.consent import NO_CONSENTS, Consents
from greenroom.domain.development import (
    Gap,
    Hired,
    check_development,
    development_plan,
    gaps_of,
    improvement_goals,
)
from greenroom.domain.events import EventType
from greenroom.domain.scorecard import Scorecard
from greenroom.runtime.documents import stored_document
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.domain.competency import CompetencyModel
    from greenroom.domain.decision import Outcome
    from greenroom.runtime.function import Function


def read_development_plan(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/development-plan``.

    Raises `NotFound`, `Conflict` (`not_hired`, `development_not_agreed`).
    """
    return Response.json(development_plan(*_read(request.params["interview"], app)))


def read_improvement_goals(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/interviews/{interview}/improvement-goals``. Raises what `read_development_plan` raises."""
    return Response.json(improvement_goals(*_read(request.params["interview"], app)))


def tell_development(
    tx: Transaction, interview_id: str, before: Outcome | None, after: Outcome, consents: Consents
) -> None:
    """Training and performance are told when a hire begins and when it ends, where the candidate agreed to it."""
    if not consents.development or (before == "hire") == (after == "hire"):
        return
    if after == "hire":
        tx.process_log.append(interview_id, EventType.DEVELOPMENT_READY)
    else:
        tx.process_log.append(
            interview_id, EventType.DEVELOPMENT_WITHDRAWN, {"reason": "not_hired"}
        )


def _read(interview_id: str, app: Function[Settings]) -> tuple[Hired, CompetencyModel, list[Gap]]:
    with app.database.begin() as tx:
        row = tx.interviews.get(interview_id)
        decisions = tx.decisions.all(interview_id)
        consents = tx.interviews.consents(interview_id) or NO_CONSENTS
        overrides = tx.overrides.of(interview_id)
        reviews = [one.evaluation for one in tx.evaluations.submitted(interview_id)]
    check_development(decisions[-1].decision.outcome if decisions else None, consents)
    scorecard = stored_document(app.store, keys.scorecard(interview_id), Scorecard)
    model = row.plan.model
    hired = Hired(
        interview=row.id,
        candidate=row.candidate_external_id,
        job=model.job,
        competency_model=model.id,
        competency_model_version=model.version,
        hired_at=decisions[-1].decided_at,
    )
    return hired, model, gaps_of(model, scorecard, reviews, overrides)
