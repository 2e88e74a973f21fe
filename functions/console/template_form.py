"""Templates and their questions as the fields of forms, and what comes back as documents again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenroom.domain.entry import EnvironmentLimits
from greenroom.domain.errors import GreenroomError
from greenroom.domain.model import Locale
from greenroom.domain.template import QualityTiers, Question, Template
from greenroom.runtime.texts import LOCALES

MODULES = ("speech", "vision", "language", "screen")
"""The modules that come with the product; a template may name others."""
ENTRY = ("camera_required", "auto_start", "demonstration", "practice", "follow_ups")
PICTURES = ("card", "portrait")
BOUNDS = ("advise", "warn", "block")
TIERS = ("target", "floor")


def general_fields(template: Template) -> dict[str, str]:
    """Name, scenario, rules and modules by field; a box that is not ticked has no field."""
    fields = {
        "version": str(template.version),
        "scenario": template.scenario,
        "mapping": template.mapping,
        **{f"name.{locale}": template.name.get(locale, "") for locale in LOCALES},
        **{f"pin.{name}": version or "" for name, version in template.modules.items()},
    }
    ticked = [
        *(f"entry.{name}" for name in ENTRY if getattr(template.entry, name)),
        *(f"picture.{name}" for name in template.entry.identity),
        *(f"module.{name}" for name in template.modules),
        *(["development"] if template.development else []),
    ]
    return fields | dict.fromkeys(ticked, "yes")


def modules_of(template: Template) -> list[str]:
    """The modules that a form offers: what comes with the product, and whatever else the template names."""
    return list(dict.fromkeys([*MODULES, *template.modules]))


def with_general(template: Template, form: Mapping[str, str]) -> Template:
    """Raises `Invalid` (`invalid_document`)."""
    raw: dict[str, Any] = template.model_dump(mode="json")
    raw["name"] = texts(form, "name", was=template.name)
    raw["scenario"] = form.get("scenario", "")
    raw["mapping"] = form.get("mapping", "")
    raw["development"] = "development" in form
    raw["entry"] |= {name: f"entry.{name}" in form for name in ENTRY}
    raw["entry"]["identity"] = [name for name in PICTURES if f"picture.{name}" in form]
    wanted = [name for name in modules_of(template) if f"module.{name}" in form]
    raw["analysis"] = [pinned(name, form.get(f"pin.{name}", "").strip()) for name in wanted]
    other = form.get("other", "").strip()
    raw["analysis"] += [other] if other else []
    return Template.from_fields(raw)


def pinned(name: str, version: str) -> str:
    return f"{name}=={version}" if version else name


def limit_fields(template: Template) -> dict[str, str]:
    """``environment.fps.warn`` and ``quality.fps.floor``; empty where there is none."""
    fields = {"version": str(template.version)}
    for name in EnvironmentLimits.model_fields:
        limits = getattr(template.entry.environment, name)
        fields |= {
            f"environment.{name}.{bound}": number_text(getattr(limits, bound)) for bound in BOUNDS
        }
    for name in QualityTiers.model_fields:
        tier = getattr(template.quality, name)
        fields |= {f"quality.{name}.{bound}": number_text(getattr(tier, bound)) for bound in TIERS}
    return fields


def with_limits(template: Template, form: Mapping[str, str]) -> Template:
    """Raises `Invalid` (`invalid_document`)."""
    raw: dict[str, Any] = template.model_dump(mode="json")
    for name in EnvironmentLimits.model_fields:
        raw["entry"]["environment"][name] = {
            bound: form.get(f"environment.{name}.{bound}", "").strip() or None for bound in BOUNDS
        }
    for name in QualityTiers.model_fields:
        raw["quality"][name] = {
            bound: form.get(f"quality.{name}.{bound}", "").strip() or None for bound in TIERS
        }
    return Template.from_fields(raw)


def question_fields(question: Question | None) -> dict[str, str]:
    """Of a question to be changed, or of a new one."""
    if question is None:
        return {"id": "", "think_s": "30", "min_s": "30", "max_s": "180", "takes": "1"}
    fields = {
        "id": question.id,
        "think_s": number_text(question.think_s),
        "min_s": number_text(question.min_s),
        "max_s": number_text(question.max_s),
        "takes": str(question.takes),
        "language_required": question.language_required or "",
        **{f"text.{locale}": question.text.get(locale, "") for locale in LOCALES},
        **{f"hint.{locale}": (question.hint or {}).get(locale, "") for locale in LOCALES},
    }
    ticked = [f"competency.{name}" for name in question.competencies]
    ticked += ["screen"] if "screen" in question.tracks else []
    return fields | dict.fromkeys(ticked, "yes")


def typed_question(question_id: str, form: Mapping[str, str]) -> Question:
    """Raises `Invalid` (`invalid_document`)."""
    prefix = "competency."
    return Question.from_fields(
        {
            "id": question_id,
            "text": texts(form, "text"),
            "hint": texts(form, "hint") or None,
            "competencies": [name.removeprefix(prefix) for name in form if name.startswith(prefix)],
            "tracks": ["camera", "screen"] if "screen" in form else ["camera"],
            "language_required": form.get("language_required") or None,
            **{name: form.get(name, "").strip() for name in ("think_s", "min_s", "max_s", "takes")},
        }
    )


def texts(
    form: Mapping[str, str], field: str, was: Mapping[Locale, str] | None = None
) -> dict[Locale, str]:
    """A text in each language that it is given in; one that was there cannot be emptied, nor can all be."""
    given = {locale: form.get(f"{field}.{locale}", "").strip() for locale in LOCALES}
    return {locale: text for locale, text in given.items() if text or locale in (was or {})}


def words(text: str) -> list[str]:
    """Parted by commas of either script or by lines; each once."""
    for comma in "，、\n\r":
        text = text.replace(comma, ",")
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def problems(error: GreenroomError, fields: Mapping[str, str]) -> dict[str, str]:
    """Each wrong field by its name. `fields` says where a code, or a place in the document, belongs; "form" is all."""
    if error.code != "invalid_document":
        return {fields.get(error.code, "form"): error.code}
    return {_field(str(item["at"]), fields): "invalid_value" for item in error.fields["errors"]}


def _field(place: str, fields: Mapping[str, str]) -> str:
    """The field of a place; a place in a list, ``keywords.3``, has the list's."""
    head, _, rest = place.partition(".")
    listed = rest.partition(".")[0].isdigit()
    return fields.get(head, head) if listed else fields.get(place, place)


def number_text(value: float | None) -> str:
    """A number as a field holds it: read again it is the very same, so that a form saved as it came changes nothing."""
    return "" if value is None else str(value).removesuffix(".0")
