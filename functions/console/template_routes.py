"""The pages of templates, of the question bank and of versions; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/settings/templates", auth=None)
def templates_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import templates_page

    return enter(request, app, templates_page, "catalogue:read")


@app.post("/console/settings/templates", auth=None)
def copy_template(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import copy_template

    return enter(request, app, copy_template, "catalogue:write")


@app.get("/console/settings/templates/{id}", auth=None)
def template_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import template_page

    return enter(request, app, template_page, "catalogue:read")


@app.post("/console/settings/templates/{id}", auth=None)
def save_template(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import save_template

    return enter(request, app, save_template, "catalogue:write")


@app.get("/console/settings/templates/{id}/limits", auth=None)
def limits_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import limits_page

    return enter(request, app, limits_page, "catalogue:read")


@app.post("/console/settings/templates/{id}/limits", auth=None)
def save_limits(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.template_pages import save_limits

    return enter(request, app, save_limits, "catalogue:write")


@app.get("/console/settings/templates/{id}/questions/{question}", auth=None)
def question_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.question_pages import question_page

    return enter(request, app, question_page, "catalogue:read")


@app.post("/console/settings/templates/{id}/questions/{question}", auth=None)
def save_question(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.question_pages import save_question

    return enter(request, app, save_question, "catalogue:write")


@app.get("/console/settings/templates/{id}/versions/{number}", auth=None)
def template_version_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.version_pages import template_version

    return enter(request, app, template_version, "catalogue:read")


@app.post("/console/settings/templates/{id}/versions/{number}", auth=None)
def restore_template(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.version_pages import restore_template

    return enter(request, app, restore_template, "catalogue:write")


@app.get("/console/settings/models/{id}/versions/{number}", auth=None)
def model_version_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.version_pages import model_version

    return enter(request, app, model_version, "catalogue:read")


@app.post("/console/settings/models/{id}/versions/{number}", auth=None)
def restore_model(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.version_pages import restore_model

    return enter(request, app, restore_model, "catalogue:write")


@app.get("/console/settings/bank", auth=None)
def bank_page(request: Request) -> Response:
    from functions.console.bank_pages import bank_page
    from functions.console.door import enter

    return enter(request, app, bank_page, "catalogue:read")


@app.get("/console/settings/bank/{question}", auth=None)
def bank_question_page(request: Request) -> Response:
    from functions.console.bank_pages import bank_question_page
    from functions.console.door import enter

    return enter(request, app, bank_question_page, "catalogue:read")


@app.post("/console/settings/bank/{question}", auth=None)
def save_bank_question(request: Request) -> Response:
    from functions.console.bank_pages import save_bank_question
    from functions.console.door import enter

    return enter(request, app, save_bank_question, "catalogue:write")
