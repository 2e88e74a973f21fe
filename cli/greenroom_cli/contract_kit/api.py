"""Greenroom's API as a customer's system calls it; every exchange is held to OpenAPI."""

from __future__ import annotations

from typing import Any

import httpx

from greenroom_cli.contract_kit.certificate import Broken
from greenroom_cli.contract_kit.contracts import Contracts, Exchange

TIMEOUT_S = 30


class Api:
    """One API key at one Greenroom. All methods raise `Broken`, and what httpx raises."""

    def __init__(self, server: str, api_key: str | None, contracts: Contracts) -> None:
        self._contracts = contracts
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(base_url=server, headers=headers, timeout=TIMEOUT_S)

    def call(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        document: Any = None,
        text: str | None = None,
        key: str | None = None,
    ) -> Any:
        """The JSON of an answer with `status`, None for an empty one. `text` is CSV; `key` the Idempotency-Key."""
        response = self._send(method, path, document, text, key)
        if response.status_code != status:
            raise Broken(
                "status",
                call=f"{method} {path}",
                wanted=status,
                got=response.status_code,
                said=response.text[:300],
            )
        return response.json() if response.content else None

    def refused(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        *,
        document: Any = None,
        key: str | None = None,
    ) -> None:
        """A problem (RFC 9457) with exactly this `status` and `code` is the right answer."""
        problem = self.call(method, path, status=status, document=document, key=key)
        if problem["code"] != code:
            raise Broken("code", call=f"{method} {path}", wanted=code, got=problem["code"])

    def close(self) -> None:
        self._http.close()

    def _send(
        self, method: str, path: str, document: Any, text: str | None, key: str | None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        if text is not None:
            headers["Content-Type"] = "text/csv"
        request = self._http.build_request(
            method,
            path,
            headers=headers,
            content=text,
            **({"json": document} if document is not None else {}),
        )
        response = self._http.send(request)
        exchange = Exchange(
            method=method,
            url=path,
            request_headers=dict(request.headers),
            request_body=request.content,
            status=response.status_code,
            headers=dict(response.headers),
            body=response.content,
        )
        breaches = self._contracts.exchange(exchange)
        if breaches:
            raise Broken("contract", what=exchange.named, breaches="; ".join(breaches))
        return response
