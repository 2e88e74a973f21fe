"""The mailbox's page and API: a list of mails, one mail as text, HTML, attachments and source."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from greenroom_local.mailbox.letters import Envelope, Letters
from greenroom_local.mailbox.reading import open_mail

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
"""A mail's HTML may look like itself and open links; it runs nothing and fetches nothing."""

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def create_app(letters: Letters, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The pages over `letters`; `lifespan` is what runs as long as they do."""

    def found(request: Request) -> Envelope:
        envelope = letters.envelope(request.path_params["id"])
        if envelope is None:
            raise HTTPException(404, "no such mail")
        return envelope

    def index(request: Request) -> Response:
        to = request.query_params.get("to") or None
        before = request.query_params.get("before")
        mails = letters.newest_first(to=to, before=before)
        return _page("list.html", mails=mails, to=to or "")

    def show(request: Request) -> Response:
        envelope = found(request)
        return _page("mail.html", envelope=envelope, mail=open_mail(letters.raw(envelope.id)))

    def html(request: Request) -> Response:
        body = open_mail(letters.raw(found(request).id)).html
        if body is None:
            raise HTTPException(404, "this mail has no HTML")
        # The mail's own <base> or script does nothing under this policy; links open beside the mailbox.
        return HTMLResponse(
            f'<base target="_blank">{body}',
            headers={"Content-Security-Policy": LETTER_POLICY, "Referrer-Policy": "no-referrer"},
        )

    def attachment(request: Request) -> Response:
        attachments = open_mail(letters.raw(found(request).id)).attachments
        number = request.path_params["number"]
        if number >= len(attachments):
            raise HTTPException(404, "no such attachment")
        name = quote(attachments[number].name, safe="")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        content = attachments[number].content
        return Response(content, media_type="application/octet-stream", headers=headers)

    def raw(request: Request) -> Response:
        return Response(
            letters.raw(found(request).id),
            media_type="text/plain; charset=utf-8",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    def listed(request: Request) -> Response:
        asked = request.query_params
        mails = letters.newest_first(
            to=asked.get("to") or None, before=asked.get("before"), after=asked.get("after")
        )
        return JSONResponse({"mails": [asdict(mail) for mail in mails]})

    def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/", index),
            Route("/mails/{id}", show),
            Route("/mails/{id}/html", html),
            Route("/mails/{id}/attachments/{number:int}", attachment),
            Route("/api/mails", listed),
            Route("/api/mails/{id}/raw", raw),
            Route("/-/health", health),
        ],
        lifespan=lifespan,
    )


def _page(template: str, **values: Any) -> Response:
    return HTMLResponse(
        _TEMPLATES.get_template(template).render(**values),
        headers={"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "no-referrer"},
    )
