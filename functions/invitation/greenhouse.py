"""Greenhouse's assessment-partner contract over the catalogue, batches and results that everybody else uses.

https://developers.greenhouse.io/assessment.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from greenroom.domain.assessment import (
    GREENHOUSE,
    AssessmentOrder,
    ResponseError,
    metadata,
    offered,
    offers,
    partner_status,
)
from greenroom.domain.batch import BatchHead, BatchRequest, CandidateRow, interview_id
from greenroom.domain.errors import NotFound
from greenroom.runtime.batches import keep_batch
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


def list_tests(app: Function[Settings]) -> Response:
    """``GET …/list_tests``: every template with every job that it fits."""
    with app.database.begin() as tx:
        templates, models = tx.catalogue.templates(), tx.catalogue.models()
    found = offers(templates, models, app.settings.partners.locale)
    return Response.json([offer.model_dump() for offer in found])


def send_test(request: Request, app: Function[Settings]) -> Response:
    """``POST …/send_test``: a batch of one. The same order again answers the same `partner_interview_id`.

    Where to tell of it is kept with the batch: no candidate is invited to a test whose end nobody hears of. Killed
    in between, Greenhouse has no answer and asks again. Raises `NotFound` (`unknown_test`) and what
    `keep_batch` raises.
    """
    order = request.document(AssessmentOrder)
    template, model = offered(order.partner_test_id)
    ours = app.settings.partners
    deadline = app.clock() + timedelta(days=ours.days)
    head = BatchHead(
        template=template,
        competency_model=model,
        deadline=deadline,
        locale=ours.locale,
        policy=ours.policy,
    )
    taker = order.candidate
    row = CandidateRow(
        external_id=order.external_id,
        name=f"{taker.first_name} {taker.last_name}"[:200],
        email=taker.email,
        locale=ours.locale,
    )
    interview = interview_id(order.batch, row.external_id)
    tracking = app.settings.links.tracking
    keep_batch(
        order.batch,
        BatchRequest(head, [row], []),
        request.who.actor,
        app,
        tracking=tracking,
        beside=lambda tx: tx.partner_orders.keep(interview, GREENHOUSE, order.url),
    )
    return Response.json({"partner_interview_id": interview})


def test_status(request: Request, app: Function[Settings]) -> Response:
    """``GET …/test_status?partner_interview_id=``. Raises `NotFound` (`unknown_interview`)."""
    wanted = request.query.get("partner_interview_id", "")
    with app.database.begin() as tx:
        if not tx.partner_orders.ordered(wanted, GREENHOUSE):
            raise NotFound(f"no test of yours {wanted[:100]}", code="unknown_interview")
        row = tx.interviews.many([wanted]).get(wanted)
    public_url = str(app.settings.links.public_url).rstrip("/")
    told: dict[str, Any] = {
        "partner_status": partner_status(row.state if row else None),
        "partner_profile_url": f"{public_url}/console/interviews/{wanted}",
        "partner_score": row.total_score if row else None,
    }
    if row is not None:
        submitted = row.submitted_at.isoformat() if row.submitted_at else None
        told["metadata"] = metadata(
            state=row.state.value, submitted_at=submitted, flags=", ".join(row.flags) or None
        )
    return Response.json(told)


def response_error(request: Request, app: Function[Settings]) -> Response:
    """``POST …/response_error``: logged for whoever runs this installation; the candidate's address is not read."""
    said = request.document(ResponseError)
    app.logger.error(
        "greenhouse_refused_our_answer",
        api_call=said.api_call,
        errors=said.errors,
        partner_test_id=said.partner_test_id,
        partner_interview_id=said.partner_interview_id,
    )
    return Response.json({"status": 200})
