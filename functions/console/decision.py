"""The decision on an interview, over the API and from the desk: with a reason, logged, told to EHR and OA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console.actions import run
from functions.console.api import decisions_of, summary
from functions.console.desk import desk_page
from functions.console.development import tell_development
from functions.console.session import visitor_of
from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.decision import Decision, check_decidable
from greenroom.domain.errors import Conflict, Invalid
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.message import RESULTS, result_of
from greenroom.domain.model import canonical_json
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import Once, idempotent

if TYPE_CHECKING:
    from functions.console.actions import Action
    from functions.console.settings import Settings
    from greenroom.adapters.database import InterviewRow, Transaction
    from greenroom.runtime.function import Function
    from greenroom.runtime.http import Principal


def decide(request: Request, app: Function[Settings]) -> Response:
    """``POST /v1/interviews/{interview}/decision``. The same decision again changes nothing; another one replaces it.

    Raises `Invalid` (`invalid_document`), `NotFound`, `Conflict` (`interview_not_decidable`, `human_review_needed`).
    """
    decision = request.document(Decision)
    wanted = request.params["interview"]

    def decided(once: Once) -> Response:
        with app.changes() as tx:
            run(tx, wanted, deciding(request.who, decision))
            told = {
                **summary(tx.interviews.get(wanted)),
                "decisions": decisions_of(tx.decisions.all(wanted)),
            }
            return once.answer(tx, Response.json(told))

    return idempotent(app.database, request, "decisions", decided)


def decide_at_desk(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/interviews/{interview}/decision``: the desk's form; back to the desk, which says what is missing.

    Raises what `decide` raises but for the conflicts.
    """
    visitor = visitor_of(request)
    wanted = request.params["interview"]
    form = request.form()
    try:
        decision = Decision.parse(
            canonical_json(
                {
                    "outcome": form.get("outcome"),
                    "reason": form.get("reason", ""),
                    "tell": form.get("tell") == "yes",
                }
            ),
            what="decision",
        )
        with app.changes() as tx:
            run(tx, wanted, deciding(visitor, decision))
    except (Conflict, Invalid) as error:
        return desk_page(request, app, problem=error)
    return Response.redirect(f"/console/interviews/{wanted}/desk#decision")


def deciding(who: Principal, decision: Decision) -> Action:
    """The same decision again changes nothing; another one replaces it.

    Raises `Conflict` (`interview_not_decidable`, `human_review_needed`).
    """

    def act(tx: Transaction, row: InterviewRow) -> bool:
        answers = [answer.state for answer in tx.interviews.answers(row.id)]
        reviews = len(tx.evaluations.submitted(row.id))
        check_decidable(row.state, answers, decision, row.plan.policy, reviews)
        before = tx.decisions.all(row.id)
        if before and before[-1].decision == decision:
            return False
        former = before[-1].decision.outcome if before else None
        tx.decisions.add(row.id, decision, who.id)
        tx.interviews.move(row.id, InterviewState.DECIDED)
        details: dict[str, Any] = {**decision.model_dump(), "by": who.id, "reviews": reviews}
        if former:
            details["former"] = former
        tx.process_log.append(row.id, EventType.INTERVIEW_DECIDED, details)
        consents = tx.interviews.consents(row.id) or NO_CONSENTS
        tell_development(tx, row.id, former, decision.outcome, consents)
        tx.mails.withdraw(row.id, "another decision was made", RESULTS)
        if decision.tell:
            tx.mails.queue_next(row.id, result_of(decision.outcome))
        outcome = decision.outcome
        tx.audit.append(who.actor, "interview.decided", "interview", row.id, outcome=outcome)
        return True

    return act
