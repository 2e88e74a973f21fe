"""Interview templates as pages: looked at, copied, edited; every change is a new version, and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.console import reading, template_form
from functions.console.page import render
from functions.console.session import Visitor, visitor_of
from functions.console.settings_form import nobody_between
from greenroom.domain.access import Permission
from greenroom.domain.entry import EnvironmentLimits
from greenroom.domain.errors import Conflict, GreenroomError, Invalid, NotFound
from greenroom.domain.template import QualityTiers, Template, shipped_templates
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

PATH = "/console/settings/templates"
Change = Callable[[Template], Template]
"""What a form makes of the template that it was filled in for. Raises `Invalid`, `Conflict`."""


def templates_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET /console/settings/templates``: each with what it asks, and a form that copies one."""
    with app.database.begin() as tx:
        templates = tx.catalogue.templates()
    ours = {one.id for one in templates}
    return render(
        request,
        app,
        "settings_templates.html",
        status=problem.status if problem else 200,
        templates=templates,
        shipped=[one for one in shipped_templates() if one.id not in ours],
        values=form or {},
        may_change=_may_change(request),
        problems=template_form.problems(problem, _COPY_PLACES) if problem else {},
    )


_COPY_PLACES = {"template_exists": "id", "unknown_template": "from", "name": "name.zh-CN"}


def copy_template(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/settings/templates``: a template of one's own, as another one is or as it was shipped.

    The same form sent again finds the copy as it made it.
    """
    form = request.form()
    try:
        with app.database.begin() as tx:
            source = _source(tx, form.get("from", ""))
            raw = source.model_dump(mode="json")
            raw |= {"id": form.get("id", "").strip(), "version": 1}
            raw["name"] = template_form.texts(form, "name")
            wanted = Template.from_fields(raw)
            with nobody_between(tx, "template", wanted.id, code="template_exists"):
                try:
                    if tx.catalogue.template(wanted.id, held=True) != wanted:
                        raise Conflict(f"there is a template {wanted.id}", code="template_exists")
                except NotFound:
                    _save(tx, wanted, visitor_of(request))
    except (Invalid, Conflict, NotFound) as error:
        return templates_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{wanted.id}?saved")


def _source(tx: Transaction, template_id: str) -> Template:
    shipped = {one.id: one for one in shipped_templates()}
    try:
        return tx.catalogue.template(template_id)
    except NotFound:
        if template_id in shipped:
            return shipped[template_id]
        raise


def template_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../templates/{id}``. Raises `NotFound` (`unknown_template`)."""
    with app.database.begin() as tx:
        template = tx.catalogue.template(request.params["id"])
        mappings = [one.version for one in tx.catalogue.mappings()]
        versions = tx.catalogue.versions.of("template", template.id)
    return render(
        request,
        app,
        "settings_template.html",
        status=problem.status if problem else 200,
        subject=template,
        values=form if form is not None else template_form.general_fields(template),
        modules=template_form.modules_of(template),
        mappings=mappings,
        versions=versions,
        names=reading.names([one.saved_by for one in versions], app),
        may_change=_may_change(request),
        saved="saved" in request.query,
        problems=template_form.problems(problem, _GENERAL_PLACES) if problem else {},
    )


_GENERAL_PLACES = {"": "entry.follow_ups", "unknown_mapping": "mapping", "analysis": "other"}


def save_template(request: Request, app: Function[Settings]) -> Response:
    """``POST .../templates/{id}``: name, rules and modules. Raises `NotFound` (`unknown_template`)."""
    form = request.form()
    try:
        changed(request, app, form, lambda template: template_form.with_general(template, form))
    except (Invalid, Conflict) as error:
        return template_page(request, app, form=form, problem=error)
    except NotFound as error:
        if error.code == "unknown_template":
            raise
        return template_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{request.params['id']}?saved")


def limits_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../templates/{id}/limits``: of the environment check and of the quality check."""
    with app.database.begin() as tx:
        template = tx.catalogue.template(request.params["id"])
    places = {
        f"entry.environment.{name}.{bound}": f"environment.{name}.{bound}"
        for name in EnvironmentLimits.model_fields
        for bound in template_form.BOUNDS
    } | {
        f"quality.{name}.{bound}": f"quality.{name}.{bound}"
        for name in QualityTiers.model_fields
        for bound in template_form.TIERS
    }
    return render(
        request,
        app,
        "settings_limits.html",
        status=problem.status if problem else 200,
        subject=template,
        values=form if form is not None else template_form.limit_fields(template),
        measures=list(EnvironmentLimits.model_fields),
        bounds=template_form.BOUNDS,
        qualities=list(QualityTiers.model_fields),
        tiers=template_form.TIERS,
        may_change=_may_change(request),
        problems=template_form.problems(problem, places) if problem else {},
    )


def save_limits(request: Request, app: Function[Settings]) -> Response:
    """``POST .../templates/{id}/limits``. Raises `NotFound` (`unknown_template`)."""
    form = request.form()
    try:
        changed(request, app, form, lambda template: template_form.with_limits(template, form))
    except (Invalid, Conflict) as error:
        return limits_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{request.params['id']}?saved")


def changed(
    request: Request, app: Function[Settings], form: dict[str, str], change: Change
) -> Template:
    """The template as the form makes it, saved as the next version.

    The form names the version that it was filled in for. Where a newer one is there already, the change is made
    to that older version: if it comes to what is there, this very form was sent before. Raises `Conflict`
    (`template_changed`) if somebody else was faster, `NotFound` (`unknown_template`, `unknown_mapping`), and
    what `change` raises.
    """
    with app.database.begin() as tx:
        current = tx.catalogue.template(request.params["id"], held=True)
        base = _filled_in_for(tx, current, form.get("version", ""))
        edited = change(base).model_copy(update={"version": base.version + 1})
        tx.catalogue.mapping(edited.mapping)
        if base == current:
            _save(tx, edited, visitor_of(request))
        elif edited != current:
            raise Conflict("somebody has saved a newer version", code="template_changed")
    return edited


def _filled_in_for(tx: Transaction, current: Template, version: str) -> Template:
    if version == str(current.version):
        return current
    for kept in tx.catalogue.versions.of("template", current.id):
        template = Template.stored(kept.body)
        if str(template.version) == version:
            return template
    raise Conflict("somebody has saved a newer version", code="template_changed")


def _save(tx: Transaction, template: Template, visitor: Visitor) -> None:
    tx.catalogue.save_template(template, visitor.id)
    tx.audit.append(
        visitor.actor, "template.saved", "template", template.id, version=template.version
    )


def _may_change(request: Request) -> bool:
    return visitor_of(request).may(Permission.CATALOGUE_WRITE)
