"""The question bank as pages: what is asked for which competency, with the company's own questions among them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, get_args

from functions.console import template_form
from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import nobody_between
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.domain.question_bank import BankQuestion, Kind, in_bank, shipped_bank
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.domain.competency import CompetencyModel
    from greenroom.domain.model import LocalizedText
    from greenroom.runtime.function import Function

PATH = "/console/settings/bank"
NEW = "new"
_PLACES = {"question_exists": "id", "text": "text.zh-CN", "keywords": "keywords"}


def bank_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/settings/bank``: all, or those of one `competency`, of one `kind`, that hold the words `q`."""
    with app.database.begin() as tx:
        bank = tx.catalogue.bank()
        names = _names(tx.catalogue.models())
    competency, kind = request.query.get("competency", ""), request.query.get("kind", "")
    words = request.query.get("q", "").strip()[:100]
    shown = [
        one
        for one in bank.questions
        if competency in ("", one.competency)
        and kind in ("", one.kind)
        and _holds(one, words.casefold())
    ]
    shipped = {one.id: one for one in shipped_bank().questions}
    return render(
        request,
        app,
        "settings_bank.html",
        questions=shown,
        total=len(bank.questions),
        # Ours, or a shipped one in our words.
        own={one.id for one in bank.questions if one != shipped.get(one.id)},
        competencies=sorted({one.competency for one in bank.questions}),
        names=names,
        kinds=get_args(Kind),
        wanted={"competency": competency, "kind": kind, "q": words},
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
        saved="saved" in request.query,
    )


def bank_question_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../bank/{question}``; ``new`` is a new one. Raises `NotFound` (`unknown_bank_question`)."""
    name = request.params["question"]
    with app.database.begin() as tx:
        bank = tx.catalogue.bank()
        names = _names(tx.catalogue.models())
        templates = tx.catalogue.templates()
    question = None if name == NEW else in_bank(bank, name)
    return render(
        request,
        app,
        "settings_bank_question.html",
        status=problem.status if problem else 200,
        question=question,
        values=form if form is not None else bank_fields(question),
        names=names,
        competencies=sorted({*names, *(one.competency for one in bank.questions)}),
        kinds=get_args(Kind),
        templates=templates,
        may_change=visitor_of(request).may(Permission.CATALOGUE_WRITE),
        problems=template_form.problems(problem, _PLACES) if problem else {},
    )


def save_bank_question(request: Request, app: Function[Settings]) -> Response:
    """``POST .../bank/{question}``: saved, retired or brought back. Raises `NotFound` (`unknown_bank_question`)."""
    form = request.form()
    name = request.params["question"]
    visitor = visitor_of(request)
    try:
        wanted = _typed(form.get("id", "").strip() if name == NEW else name, form)
        with (
            app.database.begin() as tx,
            nobody_between(tx, "bank_question", wanted.id, code="bank_question_changed"),
        ):
            bank = tx.catalogue.bank()
            known = {one.id: one for one in bank.questions}
            was = None if name == NEW else in_bank(bank, name)
            same = known.get(wanted.id) == wanted  # sent before
            if not same and (wanted.id == NEW or (was is None and wanted.id in known)):
                raise Conflict(f"there is a question {wanted.id}", code="question_exists")
            if not same and was is not None and form.get("was") != _digest(was):
                raise Conflict("somebody has saved it since", code="bank_question_changed")
            if not same:
                tx.catalogue.save_bank_question(wanted, visitor.id)
                tx.audit.append(visitor.actor, "bank_question.saved", "bank_question", wanted.id)
    except (Invalid, Conflict) as error:
        return bank_question_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}?saved")


def bank_fields(question: BankQuestion | None) -> dict[str, str]:
    """Every field of the form by its name; `was` is the question that it is filled in for."""
    if question is None:
        return {"kind": "behaviour"}
    fields = {
        "id": question.id,
        "competency": question.competency,
        "kind": question.kind,
        "keywords": ", ".join(question.keywords),
        "was": _digest(question),
        **{f"text.{locale}": text for locale, text in question.text.items()},
    }
    return fields | ({"retired": "yes"} if question.retired else {})


def _typed(question_id: str, form: dict[str, str]) -> BankQuestion:
    """Raises `Invalid` (`invalid_document`)."""
    return BankQuestion.from_fields(
        {
            "id": question_id,
            "competency": form.get("competency", "").strip(),
            "kind": form.get("kind", ""),
            "keywords": template_form.words(form.get("keywords", "")),
            "text": template_form.texts(form, "text"),
            "retired": "retired" in form,
        }
    )


def _digest(question: BankQuestion) -> str:
    """What the form was filled in for."""
    return hashlib.sha256(question.canonical()).hexdigest()


def _holds(question: BankQuestion, words: str) -> bool:
    said = [question.id, *question.text.values(), *question.keywords]
    return any(words in one.casefold() for one in said)


def _names(models: list[CompetencyModel]) -> dict[str, LocalizedText]:
    """Names of competencies by id, as the models have them."""
    return {item.id: item.name for model in models for item in model.competencies}
