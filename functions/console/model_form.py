"""A competency model as the fields of one form: names, weights, and which competencies and indicators there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.console.template_form import number_text, words
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import GreenroomError
from greenroom.runtime.texts import LOCALES

SHAPE = "shape"
"""``shape`` lists the competencies' ids in their order, ``shape.communication`` the indicators of one."""
MOST = 30
"""Competencies, and indicators of one: no more are read from a form."""


def fields_of(model: CompetencyModel) -> dict[str, str]:
    """Every field of the form by its name, e.g. ``weight.communication.speech_fluency``."""
    fields = {
        "version": str(model.version),
        SHAPE: " ".join(item.id for item in model.competencies),
    }
    fields |= {f"job.{locale}": model.job.get(locale, "") for locale in LOCALES}
    for item in model.competencies:
        fields[f"{SHAPE}.{item.id}"] = " ".join(part.id for part in item.indicators)
        fields[f"weight.{item.id}"] = number_text(item.weight)
        fields[f"target.{item.id}"] = number_text(item.target)
        fields[f"keywords.{item.id}"] = ", ".join(item.keywords)
        fields[f"courses.{item.id}"] = ", ".join(item.courses)
        fields |= {f"name.{item.id}.{locale}": item.name.get(locale, "") for locale in LOCALES}
        for part in item.indicators:
            name = f"{item.id}.{part.id}"
            fields[f"weight.{name}"] = number_text(part.weight)
            fields |= {f"name.{name}.{locale}": part.name.get(locale, "") for locale in LOCALES}
    return fields


def shape_of(form: Mapping[str, str]) -> dict[str, list[str]]:
    """The indicators of each competency, as the form lists them."""
    return {
        name: list(dict.fromkeys(form.get(f"{SHAPE}.{name}", "").split()))[:MOST]
        for name in list(dict.fromkeys(form.get(SHAPE, "").split()))[:MOST]
    }


def reshaped(form: Mapping[str, str], do: str) -> dict[str, str]:
    """The form with a competency or an indicator more or less.

    `do` is ``add``, ``add.communication``, ``drop.communication`` or ``drop.communication.speech_fluency``; what is
    added has the id that stands in the field ``new`` or ``new.communication``. Nothing to add changes nothing.
    """
    changed = dict(form)
    action, *names = do.split(".")
    match action, names:
        case "add", [*where]:
            field = ".".join(["new", *where])
            wanted = changed.pop(field, "").strip().replace(" ", "_").lower()
            _list(changed, ".".join([SHAPE, *where]), add=wanted)
        case "drop", [competency]:
            _list(changed, SHAPE, drop=competency)
        case "drop", [competency, indicator]:
            _list(changed, f"{SHAPE}.{competency}", drop=indicator)
    return changed


def _list(form: dict[str, str], field: str, *, add: str = "", drop: str = "") -> None:
    names = [name for name in form.get(field, "").split() if name != drop]
    form[field] = " ".join(dict.fromkeys([*names, *([add] if add else [])]))


def edited_model(
    model: CompetencyModel, form: Mapping[str, str], *, version: int
) -> CompetencyModel:
    """Raises `Invalid` (`invalid_document`), whose errors `model_problems` brings to their fields."""
    was = {item.id: item for item in model.competencies}
    parts = {(item.id, part.id): part for item in model.competencies for part in item.indicators}
    raw: dict[str, Any] = {"id": model.id, "version": version, "competencies": []}
    raw["job"] = _names(model.job, form, "job")
    for name, indicators in shape_of(form).items():
        competency: dict[str, Any] = {
            "id": name,
            "name": _names(was[name].name if name in was else {}, form, f"name.{name}"),
            "weight": form.get(f"weight.{name}", ""),
            "target": form.get(f"target.{name}", ""),
            "indicators": [],
        }
        for field in ("keywords", "courses"):
            kept = getattr(was[name], field) if name in was else []
            typed = form.get(f"{field}.{name}")
            competency[field] = kept if typed is None else words(typed)
        for part in indicators:
            known = parts.get((name, part))
            field = f"name.{name}.{part}"
            given = any(f"{field}.{locale}" in form for locale in LOCALES)
            names = (
                _names(known.name if known else {}, form, field)
                if given or not known
                else known.name
            )
            weight = form.get(f"weight.{name}.{part}", "")
            competency["indicators"].append({"id": part, "name": names, "weight": weight})
        raw["competencies"].append(competency)
    return CompetencyModel.from_fields(raw)


def _names(was: Mapping[Any, str], form: Mapping[str, str], field: str) -> dict[str, str]:
    """A name in each language; one that was there cannot be emptied, one that was not may stay away."""
    given = {locale: form.get(f"{field}.{locale}", "").strip() for locale in LOCALES}
    return {locale: text for locale, text in given.items() if text or locale in was}


def model_problems(shape: Mapping[str, list[str]], problem: GreenroomError) -> dict[str, str]:
    """Each wrong field by its name; "sum" and "sum.communication" are weights that do not add up."""
    if problem.code != "invalid_document":
        return {"form": problem.code}
    return dict(_place(shape, str(error["at"]).split(".")) for error in problem.fields["errors"])


def _place(shape: Mapping[str, list[str]], steps: list[str]) -> tuple[str, str]:
    names = list(shape)
    match steps:
        case ["competencies"]:
            return "new", "invalid_value"
        case ["competencies", number]:
            return f"sum.{names[int(number)]}", "weights_not_100"
        case ["competencies", number, "indicators"]:
            return f"new.{names[int(number)]}", "invalid_value"
        case ["competencies", number, "indicators", part, "id"]:
            return f"new.{names[int(number)]}", "invalid_value"
        case ["competencies", number, "indicators", part, "name", *locale]:
            name = names[int(number)]
            return ".".join(
                ["name", name, shape[name][int(part)], *(locale or [LOCALES[0]])]
            ), "invalid_value"
        case ["competencies", number, "indicators", part, what]:
            name = names[int(number)]
            return f"{what}.{name}.{shape[name][int(part)]}", "invalid_value"
        case ["competencies", number, "id"]:
            return "new", "invalid_value"
        case ["competencies", number, "name", *locale]:
            return ".".join(
                ["name", names[int(number)], *(locale or [LOCALES[0]])]
            ), "invalid_value"
        case ["competencies", number, what, *_]:
            return f"{what}.{names[int(number)]}", "invalid_value"
        case [""]:
            return "sum", "weights_not_100"
        case _:
            return ".".join(steps), "invalid_value"
