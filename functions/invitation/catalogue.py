"""Competency models and templates over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Invalid
from greenroom.domain.template import Template
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


def save_model(request: Request, app: Function[Settings]) -> Response:
    """Keep a model; weights that do not add up to 100 are refused with their sum (`invalid_document`)."""
    model = request.document(CompetencyModel)
    same_id(request.params["id"], model.id)
    with app.database.begin() as tx:
        actor = request.who.actor
        tx.catalogue.save_model(model, actor.id)
        tx.audit.append(actor, "competency_model.saved", "competency_model", model.id)
    return Response.json(model)


def read_model(request: Request, app: Function[Settings]) -> Response:
    with app.database.begin() as tx:
        return Response.json(tx.catalogue.model(request.params["id"]))


def list_models(app: Function[Settings]) -> Response:
    with app.database.begin() as tx:
        models = tx.catalogue.models()
    return Response.json({"competency_models": [model.model_dump(mode="json") for model in models]})


def save_template(request: Request, app: Function[Settings]) -> Response:
    """Raises `NotFound` (`unknown_mapping`), `Invalid` (`invalid_document`, `id_mismatch`)."""
    template = request.document(Template)
    same_id(request.params["id"], template.id)
    with app.database.begin() as tx:
        tx.catalogue.mapping(template.mapping)  # it must be there before anybody is invited
        tx.catalogue.save_template(template, request.who.id)
        tx.audit.append(request.who.actor, "template.saved", "template", template.id)
    return Response.json(template)


def read_template(request: Request, app: Function[Settings]) -> Response:
    with app.database.begin() as tx:
        return Response.json(tx.catalogue.template(request.params["id"]))


def list_templates(app: Function[Settings]) -> Response:
    with app.database.begin() as tx:
        templates = tx.catalogue.templates()
    return Response.json({"templates": [item.model_dump(mode="json") for item in templates]})


def same_id(path: str, document: str) -> None:
    """Raises `Invalid` (`id_mismatch`) where the path and the document name two things."""
    if path != document:
        raise Invalid(
            f"the path says {path[:100]!r}, the document {document!r}", code="id_mismatch"
        )
