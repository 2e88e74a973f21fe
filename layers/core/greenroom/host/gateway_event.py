"""ASGI requests as API Gateway's Lambda proxy events (REST API, payload 1.0), and the answers back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


def proxy_event(request: Request, body: bytes, *, resource: str, request_id: str) -> dict[str, Any]:
    """The event for one request. The body always travels as base64, so no byte is lost."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name, []).append(value)
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": request.url.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(request.path_params) or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "path": request.url.path,
            "httpMethod": request.method,
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
