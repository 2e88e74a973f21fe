"""Every exchange of the tests with the API is held to OpenAPI: the answer, and the request if it was accepted.

A test that sends nonsense on purpose is answered 4xx, and that answer too must be one that the contract names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenroom.host.http import CLIENT_LEFT
from greenroom_cli.contract_kit.contracts import Exchange, shipped


def hold(
    method: str,
    url: str,
    request_headers: Mapping[str, str],
    request_body: str | bytes,
    status: int,
    headers: Mapping[str, str],
    body: str | bytes,
) -> None:
    """Raises AssertionError for an exchange that breaks the contract; pages and their scripts have none."""
    if not url.startswith("/v1/") or method in ("OPTIONS", "HEAD"):
        return
    exchange = Exchange(
        method=method,
        url=url,
        request_headers={name.lower(): value for name, value in request_headers.items()},
        request_body=_bytes(request_body),
        status=status,
        headers=headers,
        body=_bytes(body),
    )
    breaches = shipped().exchange(exchange)
    assert not breaches, f"{exchange.named} breaks the contract: {'; '.join(breaches)}"


class HeldToContracts:
    """Around an ASGI app: `told` hears of every exchange that breaks the contract."""

    def __init__(self, app: ASGIApp, told: Callable[[str], None]) -> None:
        self._app = app
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, answer, head = bytearray(), bytearray(), {}

        async def received() -> Message:
            message = await receive()
            request.extend(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            answer.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, received, sent)
        if head.get("status", CLIENT_LEFT) == CLIENT_LEFT:
            return
        url = "?".join(filter(None, (scope["path"], scope["query_string"].decode())))
        try:
            hold(
                scope["method"],
                url,
                _text(scope["headers"]),
                bytes(request),
                head["status"],
                _text(head["headers"]),
                bytes(answer),
            )
        except AssertionError as breach:
            self._told(str(breach))


def _text(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
