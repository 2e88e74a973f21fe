"""CORS: which pages of other origins may upload to and play from a bucket."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from greenroom_local.object_store.documents import Element, parse, tag, write
from greenroom_local.object_store.errors import S3Error

METHODS = {"GET", "PUT", "POST", "DELETE", "HEAD"}


@dataclass(frozen=True)
class CorsRule:
    """One rule; patterns hold at most one ``*``. `max_age_s` is how long a preflight is kept."""

    origins: list[str]
    methods: list[str]
    headers: list[str]
    expose: list[str]
    max_age_s: int | None
    rule_id: str = ""

    def answer(self, origin: str, method: str, asked: list[str]) -> dict[str, str] | None:
        """The headers for a request from `origin`, None when this rule does not allow it."""
        allowed = next((pattern for pattern in self.origins if _matches(pattern, origin)), None)
        if allowed is None or method not in self.methods:
            return None
        lower = [pattern.lower() for pattern in self.headers]
        if not all(any(_matches(pattern, name) for pattern in lower) for name in asked):
            return None
        headers = {
            "access-control-allow-origin": "*" if allowed == "*" else origin,
            "access-control-allow-methods": ", ".join(self.methods),
            "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        }
        if asked:
            headers["access-control-allow-headers"] = ", ".join(asked)
        if self.expose:
            headers["access-control-expose-headers"] = ", ".join(self.expose)
        if self.max_age_s is not None:
            headers["access-control-max-age"] = str(self.max_age_s)
        return headers


def headers_for(
    rules: list[CorsRule], origin: str, method: str, asked: list[str]
) -> dict[str, str] | None:
    """The first matching rule's headers. `asked` are the preflight's header names, lower-case."""
    for rule in rules:
        headers = rule.answer(origin, method, asked)
        if headers is not None:
            return headers
    return None


def preflight(rules: list[CorsRule], headers: dict[str, str]) -> dict[str, str]:
    """The answer to an OPTIONS request. Raises S3Error: `AccessDenied` when no rule allows it."""
    origin = headers.get("origin")
    method = headers.get("access-control-request-method")
    if origin is None or method is None:
        raise S3Error(
            "InvalidRequest", "a preflight needs Origin and Access-Control-Request-Method"
        )
    asked = headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    allowed = headers_for(rules, origin, method, names)
    if allowed is None:
        raise S3Error("AccessDenied", "no CORS rule of the bucket allows this request")
    return allowed


def rules_from_xml(body: bytes) -> list[CorsRule]:
    """Raises S3Error `MalformedXML` or `InvalidRequest`."""
    rules = [_rule(element) for element in parse(body, "CORSConfiguration").children("CORSRule")]
    if not rules:
        raise S3Error("MalformedXML", "a CORSConfiguration needs a CORSRule")
    return rules


def rules_to_xml(rules: list[CorsRule]) -> bytes:
    return write("CORSConfiguration", [tag("CORSRule", _members(rule)) for rule in rules])


def rules_to_json(rules: list[CorsRule]) -> str:
    return json.dumps([asdict(rule) for rule in rules])


def rules_from_json(text: str | None) -> list[CorsRule]:
    return [CorsRule(**rule) for rule in json.loads(text or "[]")]


def _rule(element: Element) -> CorsRule:
    methods = element.texts("AllowedMethod")
    origins = element.texts("AllowedOrigin")
    headers = element.texts("AllowedHeader")
    if not methods or not origins or not set(methods) <= METHODS:
        raise S3Error("InvalidRequest", "a CORSRule needs AllowedOrigin and a known AllowedMethod")
    if any(pattern.count("*") > 1 for pattern in origins + headers):
        raise S3Error("InvalidRequest", "a pattern holds at most one *")
    ages = element.texts("MaxAgeSeconds")
    if ages and not ages[0].isdecimal():
        raise S3Error("MalformedXML", "MaxAgeSeconds is a number")
    ids = element.texts("ID")
    return CorsRule(
        origins,
        methods,
        headers,
        element.texts("ExposeHeader"),
        int(ages[0]) if ages else None,
        ids[0] if ids else "",
    )


def _members(rule: CorsRule) -> list[str]:
    members = [tag("ID", rule.rule_id)] if rule.rule_id else []
    members += [tag("AllowedOrigin", origin) for origin in rule.origins]
    members += [tag("AllowedMethod", method) for method in rule.methods]
    members += [tag("AllowedHeader", header) for header in rule.headers]
    members += [tag("ExposeHeader", header) for header in rule.expose]
    if rule.max_age_s is not None:
        members.append(tag("MaxAgeSeconds", rule.max_age_s))
    return members


def _matches(pattern: str, value: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == value
    return len(value) >= len(head) + len(tail) and value.startswith(head) and value.endswith(tail)
