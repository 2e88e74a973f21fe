"""The questions of a template, each on a page of its own: added, changed, moved, removed, taken from the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console import template_form
from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.template_pages import PATH, changed
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid, NotFound
from greenroom.domain.question_bank import asked
from greenroom.domain.template import Question, Template
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function

NEW = "new"
_PLACES = {
    "question_exists": "id",
    "": "min_s",
    "text": "text.zh-CN",
    "competencies": "competencies",
}


def question_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../templates/{id}/questions/{question}``; ``new`` is a new one, ``?bank=`` fills it from the bank.

    Raises `NotFound` (`unknown_template`, `unknown_question`, `unknown_bank_question`).
    """
    with app.database.begin() as tx:
        template = tx.catalogue.template(request.params["id"])
        models = tx.catalogue.models()
        bank = tx.catalogue.bank()
    name = request.params["question"]
    if form is not None and name not in {NEW, *(one.id for one in template.questions)}:
        # Somebody has removed it meanwhile: what was typed comes back as a new one.
        name, form = NEW, {**form, "id": name, "version": str(template.version)}
    question = None if name == NEW else _question(template, name)
    shown = question
    if question is None and request.query.get("bank"):
        shown = asked(bank, request.query["bank"])
    offered = {item.id: item.name for model in models for item in model.competencies}
    offered |= {
        one: {"en": one} for one in (shown.competencies if shown else []) if one not in offered
    }
    return render(
        request,
        app,
        "settings_question.html",
        status=problem.status if problem else 200,
        subject=template,
        question=question,
        values=form
        if form is not None
        else {"version": str(template.version), **template_form.question_fields(shown)},
        competencies=offered,
        bank=[one for one in bank.questions if not one.retired],
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
        problems=template_form.problems(problem, _PLACES) if problem else {},
    )


def save_question(request: Request, app: Function[Settings]) -> Response:
    """``POST .../templates/{id}/questions/{question}``: what its button says: save, up, down, remove.

    Raises `NotFound` (`unknown_template`).
    """
    form = request.form()
    name = request.params["question"]
    try:
        template = changed(request, app, form, lambda base: _done(base, name, form))
    except (Invalid, Conflict) as error:
        if form.get("do") in ("up", "down"):
            raise
        return question_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{template.id}?saved#questions")


def _done(template: Template, name: str, form: dict[str, str]) -> Template:
    """The template with its question saved, moved or removed."""
    questions = list(template.questions)
    if name == NEW:
        new = template_form.typed_question(form.get("id", "").strip(), form)
        if new.id in {one.id for one in questions} | {NEW}:
            raise Conflict(f"there is a question {new.id}", code="question_exists")
        return _with(template, [*questions, new])
    at = questions.index(_question(template, name))
    match form.get("do"):
        case "up" | "down" as way:
            to = at + (-1 if way == "up" else 1)
            if 0 <= to < len(questions):
                questions[at], questions[to] = questions[to], questions[at]
        case "remove":
            del questions[at]
            if not questions:
                raise Conflict("a template asks at least one question", code="no_question")
        case _:
            questions[at] = template_form.typed_question(name, form)
    return _with(template, questions)


def _with(template: Template, questions: list[Question]) -> Template:
    raw = template.model_dump(mode="json")
    raw["questions"] = [one.model_dump(mode="json") for one in questions]
    return Template.from_fields(raw)


def _question(template: Template, name: str) -> Question:
    try:
        return template.question(name)
    except KeyError as error:
        raise NotFound(f"no question {name[:64]!r}", code="unknown_question") from error
