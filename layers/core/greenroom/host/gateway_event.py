"""ASGI requests as API Gateway's Lambda proxy events (REST API, payload 1.0), and the answers back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from greenroom.domain.errors import GreenroomError


def proxy_event(
    request: Request, body: bytes, *, method: str, resource: str, request_id: str
) -> dict[str, Any]:
    """The event for one request. The body always travels as base64, so no byte is lost.

    The path is the one that was routed: a URL put together from the Host header could say another.
    """
    path = str(request.scope["path"])
    headers = _multiple(request.headers.items())
    query = _multiple(request.query_params.multi_items())
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(request.path_params) or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "path": path,
            "httpMethod": method,
            "requestId": request_id,
            "stage": "local",
            "identity": {
                "sourceIp": request.client.host if request.client else "",
                "userAgent": request.headers.get("user-agent", ""),
            },
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def response_of(result: Mapping[str, Any]) -> Response:
    """What the function answered, as an ASGI response."""
    content = result.get("body") or ""
    raw = base64.b64decode(content) if result.get("isBase64Encoded") else content.encode()
    response = Response(raw, status_code=int(result["statusCode"]))
    multiple = result.get("multiValueHeaders") or {}
    single = {
        name: [value]
        for name, value in (result.get("headers") or {}).items()
        if name not in multiple
    }
    for name, values in {**single, **multiple}.items():
        if name.lower() == "content-length":
            continue
        for value in values:
            response.headers.append(name, value)
    return response


def refusal_of(result: Mapping[str, Any]) -> GreenroomError | None:
    """What Chalice itself refused (``{"Code": …, "Message": …}``), as an error of ours; None for anything else.

    Chalice answers so for a media type that the route does not take, and for its own errors that a view raises.
    """
    status = int(result["statusCode"])
    if status < 400 or not isinstance(result.get("body"), str):
        return None
    try:
        found = json.loads(result["body"])
    except ValueError:
        return None
    if not isinstance(found, dict) or found.keys() != {"Code", "Message"}:
        return None
    code = _snake(str(found["Code"]).removesuffix("Error"))
    error = GreenroomError(str(found["Message"]), code=code)
    error.status = status
    return error


def _multiple(items: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in items:
        found.setdefault(name, []).append(value)
    return found


def _last(multiple: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in multiple.items()}


def _snake(words: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words)[1:]
