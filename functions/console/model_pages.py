"""Competency models as pages: what a job asks for, with weights that must add up to 100."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console import reading
from functions.console.page import render
from functions.console.session import visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.runtime.http import Request, Response
from greenroom.runtime.texts import LOCALES

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

PATH = "/console/settings/models"


def models_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/settings/models``: each with its weights."""
    with app.database.begin() as tx:
        models = tx.catalogue.models()
    return render(request, app, "settings_models.html", models=models)


def model_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../models/{id}``. Raises `NotFound` (`unknown_competency_model`)."""
    with app.database.begin() as tx:
        model = tx.catalogue.model(request.params["id"])
        versions = tx.catalogue.versions.of("competency_model", model.id)
    values = {**_fields(model), **(form or {})}
    return render(
        request,
        app,
        "settings_model.html",
        status=problem.status if problem else 200,
        model=model,
        values=values,
        total=_sum(values[f"weight.{item.id}"] for item in model.competencies),
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
        saved="saved" in request.query,
        versions=versions,
        names=reading.names([one.saved_by for one in versions], app),
        problems=_problems(model, problem) if problem else {},
    )


def save_model(request: Request, app: Function[Settings]) -> Response:
    """``POST .../models/{id}``: the next version, which batches that are made from now on take.

    The form names the version that it was made from: who edits an older one is told so (`model_changed`), unless
    the newer one is what this very form has saved before. Raises `NotFound` (`unknown_competency_model`).
    """
    form = request.form()
    try:
        with app.database.begin() as tx:
            model = tx.catalogue.model(request.params["id"], held=True)
            sent_before = form.get("version") == str(model.version - 1)
            edited = _edited(model, form, version=model.version + (not sent_before))
            if sent_before or form.get("version") != str(model.version):
                if edited != model:
                    raise Conflict("somebody has saved a newer version", code="model_changed")
            else:
                tx.catalogue.save_model(edited, visitor_of(request).id)
                actor = visitor_of(request).actor
                tx.audit.append(
                    actor,
                    "competency_model.saved",
                    "competency_model",
                    model.id,
                    version=edited.version,
                )
    except (Invalid, Conflict) as error:
        return model_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{request.params['id']}?saved")


def _fields(model: CompetencyModel) -> dict[str, str]:
    """Every field of the form by its name, e.g. ``weight.communication.speech_fluency``."""
    fields = {"version": str(model.version)}
    fields |= {f"job.{locale}": model.job.get(locale, "") for locale in LOCALES}
    for item in model.competencies:
        fields[f"weight.{item.id}"] = f"{item.weight:g}"
        fields[f"target.{item.id}"] = f"{item.target:g}"
        fields |= {f"name.{item.id}.{locale}": item.name.get(locale, "") for locale in LOCALES}
        for part in item.indicators:
            fields[f"weight.{item.id}.{part.id}"] = f"{part.weight:g}"
    return fields


def _edited(model: CompetencyModel, form: dict[str, str], *, version: int) -> CompetencyModel:
    """Raises `Invalid` (`invalid_document`), whose errors `_problems` brings to their fields."""
    raw: dict[str, Any] = model.model_dump(mode="json")
    raw["version"] = version
    raw["job"] = _names(raw["job"], form, "job")
    for item in raw["competencies"]:
        item["weight"] = form.get(f"weight.{item['id']}", "")
        item["target"] = form.get(f"target.{item['id']}", "")
        item["name"] = _names(item["name"], form, f"name.{item['id']}")
        for part in item["indicators"]:
            part["weight"] = form.get(f"weight.{item['id']}.{part['id']}", "")
    return CompetencyModel.from_fields(raw)


def _names(was: dict[str, str], form: dict[str, str], field: str) -> dict[str, str]:
    """A name in each language; one that was there cannot be emptied, one that was not may stay away."""
    given = {locale: form.get(f"{field}.{locale}", "").strip() for locale in LOCALES}
    return {locale: text for locale, text in given.items() if text or locale in was}


def _problems(model: CompetencyModel, problem: GreenroomError) -> dict[str, str]:
    """Each wrong field by its name; "sum" and "sum.communication" are weights that do not add up."""
    if problem.code != "invalid_document":
        return {"form": problem.code}
    return dict(_place(model, str(error["at"]).split(".")) for error in problem.fields["errors"])


def _place(model: CompetencyModel, steps: list[str]) -> tuple[str, str]:
    match steps:
        case ["competencies", number]:
            return f"sum.{model.competencies[int(number)].id}", "weights_not_100"
        case ["competencies", number, "indicators", part, what]:
            item = model.competencies[int(number)]
            return f"{what}.{item.id}.{item.indicators[int(part)].id}", "invalid_value"
        case ["competencies", number, what, *locale]:
            return ".".join([what, model.competencies[int(number)].id, *locale]), "invalid_value"
        case [""]:
            return "sum", "weights_not_100"
        case _:
            return ".".join(steps), "invalid_value"


def _sum(weights: Any) -> str:
    """As a person would add them up; what is no number counts nothing."""
    total = 0.0
    for weight in weights:
        try:
            total += float(weight)
        except ValueError:
            continue
    return f"{round(total, 6):g}"
