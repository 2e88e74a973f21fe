"""Competency models as pages: what a job asks for, with weights that must add up to 100."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console import reading
from functions.console.model_form import (
    SHAPE,
    edited_model,
    fields_of,
    model_problems,
    reshaped,
    shape_of,
)
from functions.console.page import render
from functions.console.session import Visitor, visitor_of
from functions.console.settings_form import nobody_between
from functions.console.template_form import number_text, problems, texts
from greenroom.domain.access import Permission
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Conflict, GreenroomError, Invalid, NotFound
from greenroom.domain.mapping import indicators_of
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

PATH = "/console/settings/models"


def models_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET /console/settings/models``: each with its weights, and a form that makes another."""
    with app.database.begin() as tx:
        models = tx.catalogue.models()
    return render(
        request,
        app,
        "settings_models.html",
        status=problem.status if problem else 200,
        models=models,
        values=form or {},
        may_change=_may_change(request),
        problems=problems(problem, _NEW_PLACES) if problem else {},
    )


_NEW_PLACES = {"model_exists": "id", "unknown_competency_model": "from", "job": "job.zh-CN"}
FIRST = "communication"
"""The one competency of a model that is made from nothing, until it is named and others stand beside it."""


def add_model(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/settings/models``: as another one is, or with one competency to begin with.

    The same form sent again finds the model as it made it.
    """
    form = request.form()
    try:
        with app.database.begin() as tx:
            raw = _begun(tx, form.get("from", ""))
            raw |= {"id": form.get("id", "").strip(), "version": 1, "job": texts(form, "job")}
            wanted = CompetencyModel.from_fields(raw)
            with nobody_between(tx, "competency_model", wanted.id, code="model_exists"):
                try:
                    if tx.catalogue.model(wanted.id, held=True) != wanted:
                        raise Conflict(f"there is a model {wanted.id}", code="model_exists")
                except NotFound:
                    _save(tx, wanted, visitor_of(request))
    except (Invalid, Conflict, NotFound) as error:
        return models_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{wanted.id}?saved")


def _begun(tx: Transaction, source: str) -> dict[str, Any]:
    """Raises `NotFound` (`unknown_competency_model`)."""
    if source:
        return tx.catalogue.model(source).model_dump(mode="json")
    name = {"zh-CN": "沟通能力", "en": "Communication"}
    part = {"id": "speech_fluency", "name": {"zh-CN": "语言流畅度", "en": "Fluency"}, "weight": 100}
    return {"competencies": [{"id": FIRST, "name": name, "weight": 100, "indicators": [part]}]}


def model_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
    unsaved: bool = False,
) -> Response:
    """``GET .../models/{id}``. Raises `NotFound` (`unknown_competency_model`)."""
    with app.database.begin() as tx:
        model = tx.catalogue.model(request.params["id"])
        versions = tx.catalogue.versions.of("competency_model", model.id)
        known = indicators_of(tx.catalogue.mappings())
    values = {**fields_of(model), **(form or {})}
    shape = shape_of(values)
    return render(
        request,
        app,
        "settings_model.html",
        status=problem.status if problem else 200,
        model=model,
        values=values,
        shape=shape,
        known=known,
        total=_sum(values.get(f"weight.{name}", "") for name in shape),
        may_change=_may_change(request),
        saved="saved" in request.query,
        unsaved=unsaved,
        versions=versions,
        names=reading.names([one.saved_by for one in versions], app),
        problems=model_problems(shape, problem) if problem else {},
    )


def save_model(request: Request, app: Function[Settings]) -> Response:
    """``POST .../models/{id}``: the next version, which batches that are made from now on take.

    A button may add or take away a competency or an indicator first: the form comes back with it, and nothing is
    saved, for the weights have to add up again.

    The form names the version that it was made from: who edits an older one is told so (`model_changed`), unless
    the newer one is what this very form has saved before. Raises `NotFound` (`unknown_competency_model`).
    """
    form = request.form()
    do = form.pop("do", "save")
    if do != "save":
        return model_page(request, app, form=reshaped(form, do), unsaved=True)
    try:
        with app.database.begin() as tx:
            model = tx.catalogue.model(request.params["id"], held=True)
            form = {**_shape_fields(model), **form}
            sent_before = form.get("version") == str(model.version - 1)
            edited = edited_model(model, form, version=model.version + (not sent_before))
            if sent_before or form.get("version") != str(model.version):
                if edited != model:
                    raise Conflict("somebody has saved a newer version", code="model_changed")
            else:
                _save(tx, edited, visitor_of(request))
    except (Invalid, Conflict) as error:
        return model_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{request.params['id']}?saved")


def _shape_fields(model: CompetencyModel) -> dict[str, str]:
    fields = fields_of(model)
    return {name: fields[name] for name in fields if name.startswith(SHAPE)}


def _save(tx: Transaction, model: CompetencyModel, visitor: Visitor) -> None:
    tx.catalogue.save_model(model, visitor.id)
    tx.audit.append(
        visitor.actor,
        "competency_model.saved",
        "competency_model",
        model.id,
        version=model.version,
    )


def _may_change(request: Request) -> bool:
    return visitor_of(request).may(Permission.CATALOGUE_WRITE)


def _sum(weights: Any) -> str:
    """As a person would add them up; what is no number counts nothing."""
    total = 0.0
    for weight in weights:
        try:
            total += float(weight)
        except ValueError:
            continue
    return number_text(round(total, 6))
