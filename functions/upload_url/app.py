"""upload_url: signs uploads for one attempt at a time and seals what the candidate finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.upload_url.settings import Settings
    from greenroom.runtime.function import Request, Response

app: Function[Settings] = Function("upload_url", "functions.upload_url.settings:Settings")


@app.post("/v1/candidate/answers/{answer}/attempts", auth=app.candidate())
def start_attempt(request: Request) -> Response:
    from functions.upload_url.attempts import start_attempt

    return start_attempt(request, app)


# What was recorded while the link was good may arrive, and be handed in, after its end.
@app.get("/v1/candidate/answers/{answer}/attempts/{attempt}", auth=app.candidate(late=True))
def read_attempt(request: Request) -> Response:
    from functions.upload_url.receipt import read_attempt

    return read_attempt(request, app)


@app.post(
    "/v1/candidate/answers/{answer}/attempts/{attempt}/uploads", auth=app.candidate(late=True)
)
def renew_uploads(request: Request) -> Response:
    from functions.upload_url.attempts import renew_uploads

    return renew_uploads(request, app)


@app.post(
    "/v1/candidate/answers/{answer}/attempts/{attempt}/complete", auth=app.candidate(late=True)
)
def complete_attempt(request: Request) -> Response:
    from functions.upload_url.complete import complete_attempt

    return complete_attempt(request, app)


@app.post("/v1/candidate/submission", auth=app.candidate(late=True))
def submit(request: Request) -> Response:
    from functions.upload_url.submission import submit

    return submit(request, app)
