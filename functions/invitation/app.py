"""invitation: takes batches from HR's systems, creates the interviews and sends the invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Request, Response, Scheduled

app: Function[Settings] = Function("invitation", "functions.invitation.settings:Settings")


@app.put("/v1/competency-models/{id}", auth=app.api_key("catalogue:write"))
def save_model(request: Request) -> Response:
    from functions.invitation.catalogue import save_model

    return save_model(request, app)


@app.get("/v1/competency-models/{id}", auth=app.api_key("batches:write"))
def read_model(request: Request) -> Response:
    from functions.invitation.catalogue import read_model

    return read_model(request, app)


@app.get("/v1/competency-models", auth=app.api_key("batches:write"))
def list_models(request: Request) -> Response:
    from functions.invitation.catalogue import list_models

    return list_models(app)


@app.post("/v1/competency-models/{id}/questions", auth=app.api_key("batches:write"))
def propose_questions(request: Request) -> Response:
    from functions.invitation.questions import propose_questions

    return propose_questions(request, app)


@app.put("/v1/templates/{id}", auth=app.api_key("catalogue:write"))
def save_template(request: Request) -> Response:
    from functions.invitation.catalogue import save_template

    return save_template(request, app)


@app.get("/v1/templates/{id}", auth=app.api_key("batches:write"))
def read_template(request: Request) -> Response:
    from functions.invitation.catalogue import read_template

    return read_template(request, app)


@app.get("/v1/templates", auth=app.api_key("batches:write"))
def list_templates(request: Request) -> Response:
    from functions.invitation.catalogue import list_templates

    return list_templates(app)


@app.put("/v1/mappings/{version}", auth=app.api_key("catalogue:write"))
def save_mapping(request: Request) -> Response:
    from functions.invitation.scoring_rules import save_mapping

    return save_mapping(request, app)


@app.get("/v1/mappings/{version}", auth=app.api_key("batches:write"))
def read_mapping(request: Request) -> Response:
    from functions.invitation.scoring_rules import read_mapping

    return read_mapping(request, app)


@app.get("/v1/mappings", auth=app.api_key("batches:write"))
def list_mappings(request: Request) -> Response:
    from functions.invitation.scoring_rules import list_mappings

    return list_mappings(app)


@app.put("/v1/policies/{id}", auth=app.api_key("catalogue:write"))
def save_policy(request: Request) -> Response:
    from functions.invitation.scoring_rules import save_policy

    return save_policy(request, app)


@app.get("/v1/policies/{id}", auth=app.api_key("batches:write"))
def read_policy(request: Request) -> Response:
    from functions.invitation.scoring_rules import read_policy

    return read_policy(request, app)


@app.get("/v1/policies", auth=app.api_key("batches:write"))
def list_policies(request: Request) -> Response:
    from functions.invitation.scoring_rules import list_policies

    return list_policies(app)


@app.put("/v1/candidates/{external_id}", auth=app.api_key("candidates:write"))
def save_candidate(request: Request) -> Response:
    from functions.invitation.candidates import save_candidate

    return save_candidate(request, app)


@app.get("/v1/candidates/{external_id}", auth=app.api_key("candidates:write", seen="candidate"))
def read_candidate(request: Request) -> Response:
    from functions.invitation.candidates import read_candidate

    return read_candidate(request, app)


@app.delete("/v1/candidates/{external_id}", auth=app.api_key("candidates:erase"))
def erase_candidate(request: Request) -> Response:
    from functions.invitation.candidates import erase_candidate

    return erase_candidate(request, app)


@app.get("/v1/candidates", auth=app.api_key("candidates:write", seen="candidates"))
def list_candidates(request: Request) -> Response:
    from functions.invitation.candidates import list_candidates

    return list_candidates(request, app)


@app.put("/v1/candidate-filters/{id}", auth=app.api_key("catalogue:write"))
def save_filter(request: Request) -> Response:
    from functions.invitation.candidates import save_filter

    return save_filter(request, app)


@app.get("/v1/candidate-filters/{id}", auth=app.api_key("batches:write"))
def read_filter(request: Request) -> Response:
    from functions.invitation.candidates import read_filter

    return read_filter(request, app)


@app.get("/v1/candidate-filters", auth=app.api_key("batches:write"))
def list_filters(request: Request) -> Response:
    from functions.invitation.candidates import list_filters

    return list_filters(app)


@app.post("/v1/batches", auth=app.api_key("batches:write"))
def accept_batch(request: Request) -> Response:
    from functions.invitation.accept import accept_batch

    return accept_batch(request, app)


@app.get("/v1/batches/{batch}", auth=app.api_key("batches:write", seen="batch"))
def read_batch(request: Request) -> Response:
    from functions.invitation.progress import read_batch

    return read_batch(request.params["batch"], app)


@app.get("/v1/batches/{batch}/figures", auth=app.api_key("interviews:read", seen="batch_figures"))
def read_figures(request: Request) -> Response:
    from functions.invitation.figures import read_figures

    return read_figures(request, app)


@app.get("/v1/mails", auth=app.api_key("batches:write", seen="mails"))
def list_mails(request: Request) -> Response:
    from functions.invitation.mails import list_mails

    return list_mails(request, app)


@app.post("/v1/mails/resend", auth=app.api_key("batches:write"))
def resend_window(request: Request) -> Response:
    from functions.invitation.mails import resend_window

    return resend_window(request, app)


@app.post("/v1/mails/{interview}/{message}/{number}/resend", auth=app.api_key("batches:write"))
def resend_mail(request: Request) -> Response:
    from functions.invitation.mails import resend_mail

    return resend_mail(request, app)


@app.get("/v1/partners/greenhouse/list_tests", auth=app.api_key("batches:write", basic=True))
def list_tests(request: Request) -> Response:
    from functions.invitation.greenhouse import list_tests

    return list_tests(app)


@app.post("/v1/partners/greenhouse/send_test", auth=app.api_key("batches:write", basic=True))
def send_test(request: Request) -> Response:
    from functions.invitation.greenhouse import send_test

    return send_test(request, app)


@app.get(
    "/v1/partners/greenhouse/test_status",
    auth=app.api_key("interviews:read", seen="interview", by="partner_interview_id", basic=True),
)
def test_status(request: Request) -> Response:
    from functions.invitation.greenhouse import test_status

    return test_status(request, app)


@app.post("/v1/partners/greenhouse/response_error", auth=app.api_key("batches:write", basic=True))
def response_error(request: Request) -> Response:
    from functions.invitation.greenhouse import response_error

    return response_error(request, app)


@app.on_object("batches/", suffix=".json")
def batch_accepted(event: ObjectCreated) -> None:
    from functions.invitation.invite import cut_batch

    cut_batch(event.key, app)


@app.on_object("slices/", suffix=".json")
def slice_cut(event: ObjectCreated) -> None:
    from functions.invitation.invite import invite_slice

    invite_slice(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.invitation.sweep import sweep

    sweep(app)
