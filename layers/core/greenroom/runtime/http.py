"""Requests and responses of the HTTP functions, and errors as RFC 9457 problem documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import parse_qs

from greenroom.domain.errors import GreenroomError, Invalid, TooManyRequests, Unauthorized

if TYPE_CHECKING:
    from greenroom.domain.audit import Actor
    from greenroom.domain.model import Document
    from greenroom.runtime.tokens import CandidateClaims

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The one type of file that a function answers with."""

D = TypeVar("D", bound="Document")


MOST_FIELDS = 3000
"""Of a form: the largest competency model, 30 competencies with 20 indicators each, is edited in some 2,000."""


@dataclass(frozen=True)
class Principal:
    """Who is asking: an API key, a candidate's link or a user of the console.

    `id` is the key's, the interview's or the user's. `signed_link` is a candidate's link of which only the signature
    was read: `link` is what it says, and the handler holds that against the interview before it does anything.
    """

    kind: Literal["api_key", "candidate", "signed_link", "user"]
    id: str
    scopes: frozenset[str] = frozenset()
    link: CandidateClaims | None = None

    @property
    def actor(self) -> Actor:
        """How the audit log names a user or an API key. Raises ValueError for a candidate."""
        from greenroom.domain.audit import Actor

        if self.kind == "candidate" or self.kind == "signed_link":
            raise ValueError("what candidates do stands in the process log")
        return Actor(self.kind, self.id)


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower case."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str = ""
    principal: Principal | None = None

    @property
    def who(self) -> Principal:
        """The principal of an authenticated route. Raises `Unauthorized`."""
        if self.principal is None:
            raise Unauthorized("this needs a credential")
        return self.principal

    def json(self) -> Any:
        """The body as JSON. Raises `Invalid` (`invalid_json`)."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Invalid(f"not JSON: {error}", code="invalid_json") from error

    def document(self, model: type[D]) -> D:
        """The body as a `Document`. Raises `Invalid` (`invalid_document`)."""
        return model.parse(self.body)

    def form(self) -> dict[str, str]:
        """A form's fields, the first value of each. Raises `Invalid` (`invalid_form`)."""
        try:
            fields = parse_qs(
                self.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS
            )
        except ValueError as error:
            raise Invalid(f"not a form: {error}", code="invalid_form") from error
        return {name: values[0] for name, values in fields.items()}


@dataclass(frozen=True)
class Response:
    """What goes back: text, or the small `content` of a file. Recordings never travel so, but by presigned links."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @classmethod
    def json(
        cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        if hasattr(value, "model_dump"):
            value = value.model_dump(mode="json")
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return cls(status, text, {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def html(
        cls, text: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        return cls(status, text, {"Content-Type": "text/html; charset=utf-8", **(headers or {})})

    @classmethod
    def text(
        cls, text: str, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        return cls(200, text, {"Content-Type": content_type, **(headers or {})})

    @classmethod
    def file(cls, content: bytes, content_type: str, headers: Mapping[str, str]) -> Response:
        """A file of a type that the host knows as binary (`Function`)."""
        return cls(200, "", {"Content-Type": content_type, **headers}, content)

    @classmethod
    def redirect(cls, url: str, headers: Mapping[str, str] | None = None) -> Response:
        return cls(303, "", {"Location": url, **(headers or {})})

    @classmethod
    def empty(cls, status: int = 204) -> Response:
        return cls(status)


def problem(error: GreenroomError, instance: str) -> Response:
    """An error as `application/problem+json` (RFC 9457), with our `code` beside the standard members."""
    document = {
        "type": f"urn:greenroom:problem:{error.code}",
        "title": error.code.replace("_", " "),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "instance": instance,
        **error.fields,
    }
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="greenroom"'
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 503:
        headers["Retry-After"] = "5"
    return Response(error.status, json.dumps(document, ensure_ascii=False, default=str), headers)
