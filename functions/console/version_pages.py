"""What a template or a competency model said before: its versions, what each changed, and the way back to one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from functions.console import reading
from functions.console.page import render
from functions.console.session import visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import NotFound
from greenroom.domain.template import Template
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

Subject = Literal["template", "competency_model"]
PATHS: dict[Subject, str] = {
    "template": "/console/settings/templates",
    "competency_model": "/console/settings/models",
}


def template_version(request: Request, app: Function[Settings]) -> Response:
    """``GET .../templates/{id}/versions/{number}``: what it changed. Raises `NotFound` (`unknown_version`)."""
    return _version_page(request, app, "template")


def model_version(request: Request, app: Function[Settings]) -> Response:
    """``GET .../models/{id}/versions/{number}``. Raises `NotFound` (`unknown_version`)."""
    return _version_page(request, app, "competency_model")


def restore_template(request: Request, app: Function[Settings]) -> Response:
    """``POST .../templates/{id}/versions/{number}``: saved again as the newest, unless it says what the newest does.

    Raises `NotFound` (`unknown_template`, `unknown_version`, `unknown_mapping`).
    """
    visitor = visitor_of(request)
    with app.database.begin() as tx:
        newest = tx.catalogue.template(request.params["id"], held=True)
        kept = tx.catalogue.versions.get("template", newest.id, _number(request))
        wanted = Template.stored(kept.body).model_copy(update={"version": newest.version})
        if wanted != newest:
            newer = wanted.model_copy(update={"version": newest.version + 1})
            tx.catalogue.mapping(newer.mapping)
            tx.catalogue.save_template(newer, visitor.id)
            tx.audit.append(
                visitor.actor, "template.saved", "template", newer.id, version=newer.version
            )
    return Response.redirect(f"{PATHS['template']}/{newest.id}?saved")


def restore_model(request: Request, app: Function[Settings]) -> Response:
    """``POST .../models/{id}/versions/{number}``, as `restore_template`.

    Raises `NotFound` (`unknown_competency_model`, `unknown_version`).
    """
    visitor = visitor_of(request)
    with app.database.begin() as tx:
        newest = tx.catalogue.model(request.params["id"], held=True)
        kept = tx.catalogue.versions.get("competency_model", newest.id, _number(request))
        wanted = CompetencyModel.stored(kept.body).model_copy(update={"version": newest.version})
        if wanted != newest:
            newer = wanted.model_copy(update={"version": newest.version + 1})
            tx.catalogue.save_model(newer, visitor.id)
            tx.audit.append(
                visitor.actor,
                "competency_model.saved",
                "competency_model",
                newer.id,
                version=newer.version,
            )
    return Response.redirect(f"{PATHS['competency_model']}/{newest.id}?saved")


def _version_page(request: Request, app: Function[Settings], kind: Subject) -> Response:
    number = _number(request)
    with app.database.begin() as tx:
        versions = tx.catalogue.versions.of(kind, request.params["id"])
        version = tx.catalogue.versions.get(kind, request.params["id"], number)
    before = next((one for one in versions if one.number == number - 1), None)
    document = _document(kind, version.body)
    return render(
        request,
        app,
        "settings_version.html",
        kind=kind,
        path=f"{PATHS[kind]}/{document.id}",
        document=document,
        title=document.name if isinstance(document, Template) else document.job,
        version=version,
        changes=_told(before.body, version.body) if before else None,
        whole=json.dumps(json.loads(version.body), ensure_ascii=False, indent=2),
        newest=version.number == versions[0].number,
        names=reading.names([version.saved_by], app),
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
    )


def _told(before: str, now: str) -> list[tuple[str, str, str]]:
    """Without the version's own number, which the page tells beside."""
    found = changes(json.loads(before), json.loads(now))
    return [change for change in found if change[0] != "version"]


def changes(before: Any, now: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two documents differ: the place, what stood there and what does, "" for nothing.

    Things in lists are told apart by their ids where they have any, so that one that moved is no other.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            yield from changes(before.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif _named(before) and _named(now):
        orders = [[item["id"] for item in items] for items in (before, now)]
        if orders[0] != orders[1]:
            yield path, ", ".join(orders[0]), ", ".join(orders[1])
        was, here = ({item["id"]: item for item in items} for items in (before, now))
        for key in dict.fromkeys([*was, *here]):
            yield from changes(was.get(key), here.get(key), f"{path}.{key}")
    elif before != now:
        yield path, _text(before), _text(now)


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and "id" in one for one in value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(kind: Subject, body: str) -> Template | CompetencyModel:
    return Template.stored(body) if kind == "template" else CompetencyModel.parse(body)


def _number(request: Request) -> int:
    """Raises `NotFound` (`unknown_version`)."""
    text = request.params["number"]
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise NotFound(f"no version {text[:20]!r}", code="unknown_version")
    return int(text)
