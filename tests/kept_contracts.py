"""Every exchange of the tests with the API is held to OpenAPI: the answer, and the request if it was accepted.

A test that sends nonsense on purpose is answered 4xx, and that answer too must be one that the contract names.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    if not url.startswith("/v1/"):
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


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
