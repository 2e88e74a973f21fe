"""Scoring mappings as pages: each curve drawn, and edited into a version of another name; a version never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.console import template_form
from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import again_if_lost
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid, NotFound
from greenroom.domain.mapping import SHIPPED, Contribution, Mapping
from greenroom.domain.observed import check_kinds
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

PATH = "/console/settings/mappings"
WIDTH, HEIGHT = 120, 40
"""Of a drawn curve, in px of the drawing."""


def mappings_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/settings/mappings``: each version, and the templates that score by it."""
    with app.database.begin() as tx:
        mappings = tx.catalogue.mappings()
        templates = tx.catalogue.templates()
    return render(
        request,
        app,
        "settings_mappings.html",
        mappings=mappings,
        shipped=SHIPPED,
        used={
            one.version: [item for item in templates if item.mapping == one.version]
            for one in mappings
        },
    )


def mapping_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../mappings/{version}``. Raises `NotFound` (`unknown_mapping`)."""
    with app.database.begin() as tx:
        mapping = tx.catalogue.mapping(request.params["version"])
    values = form if form is not None else mapping_fields(mapping)
    return render(
        request,
        app,
        "settings_mapping.html",
        status=problem.status if problem else 200,
        mapping=mapping,
        values=values,
        curves={
            f"{name}.{number}": curve(item)
            for name, items in mapping.indicators.items()
            for number, item in enumerate(items)
        },
        width=WIDTH,
        height=HEIGHT,
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
        saved="saved" in request.query,
        problems=_problems(mapping, problem) if problem else {},
        detail=problem.detail if problem else "",
    )


def save_mapping(request: Request, app: Function[Settings]) -> Response:
    """``POST .../mappings/{version}``: what the form says, kept as the version that it names.

    The same form sent again finds it. Raises `NotFound` (`unknown_mapping`).
    """
    form = request.form()

    def saved() -> Mapping:
        with app.database.begin() as tx:
            base = tx.catalogue.mapping(request.params["version"])
            mapping = _edited(base, form)
            check_kinds(mapping)
            if _kept(tx.catalogue.mappings(), mapping.version) != mapping:
                tx.catalogue.keep_mapping(mapping)
                actor = visitor_of(request).actor
                tx.audit.append(actor, "mapping.saved", "mapping", mapping.version)
            return mapping

    try:
        mapping = again_if_lost(saved)
    except NotFound:
        raise
    except (Invalid, Conflict) as error:
        return mapping_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{mapping.version}?saved")


def _kept(mappings: list[Mapping], version: str) -> Mapping | None:
    return next((one for one in mappings if one.version == version), None)


def mapping_fields(mapping: Mapping) -> dict[str, str]:
    """``points.empathy.0`` is the first contribution's curve as ``0:20 0.2:100``, ``weight.empathy.0`` its weight."""
    fields = {
        "version": "",
        "minimum_coverage": template_form.number_text(mapping.minimum_coverage),
    }
    for locale, text in (mapping.note or {}).items():
        fields[f"note.{locale}"] = text
    for name, items in mapping.indicators.items():
        for number, item in enumerate(items):
            fields[f"weight.{name}.{number}"] = template_form.number_text(item.weight)
            corners = (":".join(map(template_form.number_text, corner)) for corner in item.points)
            fields[f"points.{name}.{number}"] = " ".join(corners)
    return fields | ({"calibrated": "yes"} if mapping.calibrated else {})


def _edited(base: Mapping, form: dict[str, str]) -> Mapping:
    """Raises `Invalid` (`invalid_document`)."""
    raw: dict[str, Any] = base.model_dump(mode="json")
    raw["version"] = form.get("version", "").strip()
    raw["note"] = template_form.texts(form, "note") or None
    raw["calibrated"] = "calibrated" in form
    raw["minimum_coverage"] = form.get("minimum_coverage", "").strip()
    for name, items in raw["indicators"].items():
        for number, item in enumerate(items):
            item["weight"] = form.get(f"weight.{name}.{number}", "").strip()
            corners = form.get(f"points.{name}.{number}", "").replace("：", ":").split()
            item["points"] = [corner.split(":", 1) for corner in corners]
    return Mapping.from_fields(raw)


def _problems(mapping: Mapping, problem: GreenroomError) -> dict[str, str]:
    """Each wrong field by its name."""
    if problem.code != "invalid_document":
        places = {"mapping_exists": "version"}
        return {places.get(problem.code, "form"): problem.code}
    found = {}
    for error in problem.fields["errors"]:
        match str(error["at"]).split("."):
            case ["indicators", name, number, "weight", *_]:
                found[f"weight.{name}.{number}"] = "invalid_value"
            case ["indicators", name, number, *_]:
                found[f"points.{name}.{number}"] = "invalid_value"
            case ["note", *_]:
                found["note.zh-CN"] = "invalid_value"
            case [field, *_]:
                found[field or "form"] = "invalid_value"
    return found


def curve(item: Contribution) -> str:
    """The points of an SVG polyline within `WIDTH` × `HEIGHT`: values to the right, scores upwards, level outside."""
    values = [value for value, _ in item.points]
    low, high = values[0], values[-1]
    margin = (high - low) * 0.1
    left, across = low - margin, (high - low) + 2 * margin
    corners = [(left, item.points[0][1]), *item.points, (high + margin, item.points[-1][1])]
    return " ".join(
        f"{(value - left) / across * WIDTH:.1f},{HEIGHT - score / 100 * HEIGHT:.1f}"
        for value, score in corners
    )
