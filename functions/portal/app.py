"""portal: the candidate's page behind the personal link, and the JSON that clients read instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.portal.settings import Settings
    from greenroom.runtime.function import Request, Response, Scheduled

app: Function[Settings] = Function("portal", "functions.portal.settings:Settings")


# The token in the path is the credential; the page itself answers for a bad one.
@app.get("/i/{token}", auth=None)
def interview_page(request: Request) -> Response:
    from functions.portal.page import interview_page

    return interview_page(request, app)


@app.post("/i/{token}/consents", auth=None)
def consents_form(request: Request) -> Response:
    from functions.portal.page import consents_form

    return consents_form(request, app)


@app.post("/i/{token}/withdrawals", auth=None)
def withdrawal_form(request: Request) -> Response:
    from functions.portal.page import withdrawal_form

    return withdrawal_form(request, app)


@app.get("/i/{token}/room", auth=None)
def room_page(request: Request) -> Response:
    from functions.portal.room import room_page

    return room_page(request, app)


@app.get("/i/{token}/qr.svg", auth=None)
def qr_code(request: Request) -> Response:
    from functions.portal.room import qr_code

    return qr_code(request, app)


@app.get("/i/{token}/from/{message}/{number}", auth=None)
def follow_mail(request: Request) -> Response:
    from functions.portal.mail_tracking import follow_mail

    return follow_mail(request, app)


@app.get("/portal/mails/{mail}/pixel.svg", auth=None)
def mail_pixel(request: Request) -> Response:
    from functions.portal.mail_tracking import mail_pixel

    return mail_pixel(request, app)


@app.get("/portal/static/{version}/{name}", auth=None)
def static_file(request: Request) -> Response:
    from functions.portal.page import PAGES

    return PAGES.static(request)


@app.get("/portal/service-worker.js", auth=None)
def service_worker(request: Request) -> Response:
    from functions.portal.page import service_worker

    return service_worker(request)


@app.post("/v1/candidate/steps", auth=app.candidate(late=True))
def report_steps(request: Request) -> Response:
    from functions.portal.steps import report_steps

    return report_steps(request, app)


@app.post("/v1/candidate/health", auth=app.signed_link(late=True))
def report_health(request: Request) -> Response:
    from functions.portal.health import report_health

    return report_health(request, app)


@app.post("/v1/candidate/probe", auth=app.candidate())
def offer_probe(request: Request) -> Response:
    from functions.portal.probe import offer_probe

    return offer_probe(request, app)


@app.on_schedule("absences", minutes=1)
def absences(event: Scheduled) -> None:
    from functions.portal.health import tell_absences
    from functions.portal.probe import remove_probes

    tell_absences(app)
    remove_probes(app)


@app.get("/v1/candidate/interview", auth=app.candidate(late=True))
def read_interview(request: Request) -> Response:
    from functions.portal.interview import read_interview

    return read_interview(request, app)


@app.put("/v1/candidate/identity/{picture}", auth=app.candidate(), content_type="image/jpeg")
def put_picture(request: Request) -> Response:
    from functions.portal.identity import put_picture

    return put_picture(request, app)


@app.on_schedule("retention", minutes=60)
def retention(event: Scheduled) -> None:
    from functions.portal.health import forget_samples
    from functions.portal.identity import delete_due

    delete_due(app)
    forget_samples(app)


@app.post("/v1/candidate/follow-ups/{answer}", auth=app.candidate())
def ask_for_follow_up(request: Request) -> Response:
    from functions.portal.follow_ups import ask_for_follow_up

    return ask_for_follow_up(request, app)


@app.post("/v1/candidate/follow-ups/{answer}/skip", auth=app.candidate(late=True))
def skip_follow_up(request: Request) -> Response:
    from functions.portal.follow_ups import skip_follow_up

    return skip_follow_up(request, app)


@app.get("/v1/candidate/ledger", auth=app.candidate())
def read_ledger(request: Request) -> Response:
    from functions.portal.received import read_ledger

    return read_ledger(request, app)


@app.put("/v1/candidate/consents", auth=app.candidate())
def put_consents(request: Request) -> Response:
    from functions.portal.consents import put_consents

    return put_consents(request, app)
