"""How every page of the console is rendered: its language, its policy, who reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from functions.console.session import Visitor, cookies
from greenroom.domain.model import Locale
from greenroom.runtime.http import Request, Response
from greenroom.runtime.pages import Pages, content_security_policy
from greenroom.runtime.texts import LOCALES, choose_locale

if TYPE_CHECKING:
    from typing import Any

    from functions.console.settings import Settings
    from greenroom.domain.errors import GreenroomError
    from greenroom.runtime.function import Function

PAGES = Pages(Path(__file__).parent, prefix="/console")
LANGUAGE = "greenroom_language"
YEAR_S = 365 * 86_400


def render(
    request: Request, app: Function[Settings], template: str, *, status: int = 200, **values: Any
) -> Response:
    store = app.settings.store
    headers = {
        **content_security_policy(
            media=[store.public_endpoint or store.endpoint], frames=template == "mail.html"
        ),
        # With the default, no-referrer, a browser would not say where a form was sent from.
        "Referrer-Policy": "same-origin",
        **_language_cookie(request),
    }
    visitor = request.principal if isinstance(request.principal, Visitor) else None
    return PAGES.render(
        template,
        locale_of(request),
        time_zone=app.settings.time_zone,
        status=status,
        headers=headers,
        visitor=visitor,
        here=request.path,
        kept_query=_kept_query(request),
        **values,
    )


def trouble(request: Request, app: Function[Settings], error: GreenroomError) -> Response:
    return render(request, app, "trouble.html", status=error.status, problem=error)


def locale_of(request: Request) -> Locale:
    """As asked for now, else as remembered, else Chinese."""
    wished = request.query.get("lang"), cookies(request).get(LANGUAGE)
    return choose_locale(*wished, default="zh-CN")


def _kept_query(request: Request) -> str:
    """What another language's link keeps of a page that was asked for: its filters, its order."""
    kept = {name: value for name, value in request.query.items() if name != "lang"}
    return f"{urlencode(kept)}&" if kept and request.method == "GET" else ""


def _language_cookie(request: Request) -> dict[str, str]:
    """The header that remembers a language just chosen."""
    chosen = request.query.get("lang")
    if chosen not in LOCALES:
        return {}
    attributes = f"Path=/console; Max-Age={YEAR_S}; SameSite=Lax; HttpOnly"
    return {"Set-Cookie": f"{LANGUAGE}={chosen}; {attributes}"}
