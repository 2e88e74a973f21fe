"""Server-rendered pages: Jinja2 templates in the reader's language, static files, strict headers.

A function's folder holds ``templates/`` and ``static/``; what all pages share lies beside this module in
``page_templates/`` and ``page_static/``. Texts come from ``locales/`` at the project's root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale as BabelLocale
from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from babel.units import format_unit
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from greenroom.domain.errors import NotFound
from greenroom.domain.model import Locale, text_in
from greenroom.runtime.http import Request, Response
from greenroom.runtime.texts import LOCALES, folder_name, texts

SHARED = Path(__file__).parent
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
YEAR_S = 365 * 86_400


class Pages:
    """The pages of one function. `folder` is ``functions/<name>``; static files answer under `prefix`."""

    def __init__(self, folder: Path, *, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix

    def render(
        self,
        template: str,
        locale: Locale,
        *,
        time_zone: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A page that nobody stores, with `values` for its template. Times are shown in `time_zone`."""
        zone = ZoneInfo(time_zone)
        environment = _environment(self._folder, locale)
        text = environment.get_template(template).render(
            **values,
            locale=locale,
            locales=LOCALES,
            static=self.static_url,
            moment=lambda at: _moment(at, zone, locale),
            minute=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
            second=lambda at: f"{at.astimezone(zone):%m-%d %H:%M:%S}",
        )
        return Response.html(text, status, {**BASE_HEADERS, **(headers or {})})

    def static_url(self, name: str) -> str:
        """A file's URL with the version in its path, so that it may be cached for ever. Raises `NotFound`.

        Modules that import each other by relative path stay within one version.
        """
        self.static_text(name)
        return f"{self._prefix}/static/{self.version}/{name}"

    def static(self, request: Request) -> Response:
        """Answer ``{prefix}/static/{version}/{name}``; another version's caller gets today's file, not to be kept.

        Only names that are there are known: no path is ever built.
        """
        name = request.params["name"]
        body = self.static_text(name)
        known = request.params["version"] == self.version
        caching = f"public, max-age={YEAR_S}, immutable" if known else "no-cache"
        headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
        return Response.text(body, CONTENT_TYPES[Path(name).suffix], headers)

    def static_text(self, name: str) -> str:
        """A static file's text. Raises `NotFound` (`no_such_file`)."""
        try:
            return self.static_files[name]
        except KeyError:
            raise NotFound(f"no static file {name[:100]!r}", code="no_such_file") from None

    @cached_property
    def static_files(self) -> dict[str, str]:
        """The text of every static file by name."""
        return {
            path.name: path.read_text("utf-8")
            for folder in (SHARED / "page_static", self._folder / "static")
            for path in sorted(folder.glob("*"))
            if path.suffix in CONTENT_TYPES
        }

    @cached_property
    def version(self) -> str:
        """A digest over all static files."""
        digest = hashlib.sha256()
        for name, body in sorted(self.static_files.items()):
            digest.update(f"{name}\0{len(body)}\0{body}".encode())
        return digest.hexdigest()[:16]


BASE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def content_security_policy(
    *,
    connect: Sequence[str] = (),
    media: Sequence[str] = (),
    frame_ancestors: Sequence[str] = (),
    records: bool = False,
    frames: bool = False,
) -> dict[str, str]:
    """The header that lets a page load from this host and from nowhere else but what is named here.

    `connect` and `media` are URLs whose origins may be called and played; `frame_ancestors` are the origins that
    may embed the page, nobody by default. A page that `records` plays what it has recorded and runs workers; one that
    `frames` embeds pages of this host.
    """
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *map(origin, connect)],
        "media-src": ["'self'", "blob:"] if records else list(map(origin, media)) or ["'none'"],
        "worker-src": ["'self'"] if records else ["'none'"],
        "frame-src": ["'self'"] if frames else ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": list(frame_ancestors) or ["'none'"],
    }
    policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())
    return {"Content-Security-Policy": policy}


def origin(url: str) -> str:
    """``scheme://host:port`` of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@lru_cache(maxsize=16)
def _environment(folder: Path, locale: Locale) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder / "templates", SHARED / "page_templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = texts(folder.parents[1] / "locales", locale)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    spoken = _spoken(locale)
    environment.filters.update(
        {
            "text": lambda texts_: text_in(texts_, locale),
            "number": lambda value: format_decimal(value, locale=spoken, format="#,##0.##"),
            "percent": lambda share: format_percent(share, locale=spoken),
            "duration": lambda seconds: _duration(seconds, spoken),
            "clock": clock,
            "measured": lambda value, unit: _measured(value, unit, spoken, catalogue),
        }
    )
    environment.globals["label"] = lambda family, key: _label(catalogue, family, key)
    return environment


@lru_cache(maxsize=16)
def _spoken(locale: Locale) -> BabelLocale:
    """Parsed once: by its name Babel looks the locale up again for every number, most of a long list's time."""
    return BabelLocale.parse(folder_name(locale))


def _label(catalogue: Translations, family: str, key: str) -> str:
    """What people call a name that modules brought with them; the name itself where no text knows it."""
    message = f"{family}.{key}"
    found = catalogue.ugettext(message)
    return key if found == message else found


def _measured(value: float, unit: str, locale: BabelLocale, catalogue: Translations) -> str:
    """A value with its unit; a share as percent."""
    if unit in ("share", "ratio"):
        return format_percent(value, format="0.#%", locale=locale)
    number = format_decimal(value, format="#,##0.##", locale=locale)
    return f"{number} {_label(catalogue, 'unit', unit)}" if unit else number


def _moment(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """Day and minute with the zone's offset, e.g. 2026年3月5日周四 18:00 (UTC+08:00)."""
    local = at.astimezone(zone)
    day = format_skeleton("yMMMEd", local, tzinfo=zone, locale=_spoken(locale))
    return f"{day} {local:%H:%M} (UTC{local.isoformat()[-6:]})"


def _duration(seconds: float, locale: BabelLocale) -> str:
    """Seconds in words: 90 → 1分钟 30秒钟 / 1 min 30 sec."""
    minutes, rest = divmod(round(seconds), 60)
    parts = []
    if minutes:
        parts.append(format_unit(minutes, "minute", length="short", locale=locale))
    if rest or not minutes:
        parts.append(format_unit(rest, "second", length="short", locale=locale))
    return " ".join(parts)


def clock(seconds: float) -> str:
    """Seconds as a player shows them: 135.4 → 2:15."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{rest // 60}:{rest % 60:02d}"
