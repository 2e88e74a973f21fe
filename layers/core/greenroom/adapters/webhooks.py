"""Sending webhooks as Standard Webhooks asks: signed, without redirects, in bounded time."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook

from greenroom.adapters.receivers import AllowList, Receiver
from greenroom.adapters.trace_context import outgoing
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import GreenroomError, Invalid

if TYPE_CHECKING:
    from greenroom.domain.events import Event

# httpx logs every URL at INFO, and a receiver's URL may carry a token of theirs.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

MOST_READ = 1000
"""Bytes of an answer's body that are read and kept: enough to say what was wrong."""

LONGEST_READ_S = 1
"""Seconds that a body may take after the status."""

RECHECK_S = 30
"""Seconds for which a connection, and the address that was checked for it, is used again."""


class DeliveryFailed(GreenroomError):
    """The receiver did not take the webhook. `http_status` is None when there was no answer.

    `pause`: how long it wants to be left alone, where it said so.
    """

    code = "delivery_failed"

    def __init__(
        self,
        detail: str,
        http_status: int | None = None,
        response: str = "",
        pause: timedelta | None = None,
    ) -> None:
        super().__init__(detail)
        self.http_status = http_status
        self.response = response
        self.pause = pause


@dataclass(frozen=True)
class Accepted:
    """A 2xx answer; `response` is the beginning of its body."""

    status: int
    response: str


@dataclass(frozen=True)
class Call:
    """One request to a receiver. `query` is added to the URL's own.

    `why_not` reads an answer with a 2xx status: None, or what is wrong with it.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    why_not: Callable[[str], Refusal | None] | None = None


@dataclass(frozen=True)
class Refusal:
    """What a receiver says in the body of a 2xx answer; `pause`: how long it wants to be left alone."""

    detail: str
    pause: timedelta | None = None


@dataclass(frozen=True)
class _Line:
    """A connection to one receiver, at the address that was checked."""

    receiver: Receiver
    client: httpx.AsyncClient
    checked_at: float


class WebhookSender:
    """Sends to receivers on the allow-list.

    `timeout_s` bounds the whole exchange, so a receiver that drips its answer byte by byte holds nobody up for
    longer; only a name lookup that hangs lasts as long as the machine's resolver lets it.
    """

    def __init__(
        self, allowed: AllowList, *, timeout_s: float = 20, clock: Clock = now_utc
    ) -> None:
        self._allowed = allowed
        self._timeout_s = timeout_s
        self._clock = clock

    def check(self, url: str) -> None:
        """Raises `Invalid` (`endpoint_not_allowed`, `endpoint_unresolved`)."""
        self._allowed.check(url)

    def send(self, url: str, secrets: Sequence[str], event: Event) -> int:
        """POST one `event`, signed with every one of `secrets`; the 2xx status. Raises `DeliveryFailed`."""

        async def once() -> int:
            body = event.canonical().rstrip(b"\n")
            async with self.session() as session:
                return (await session.send(url, secrets, event.id, body)).status

        return asyncio.run(once())

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WebhookSession]:
        """Connections that are used for many webhooks, closed in the end."""
        session = WebhookSession(self._allowed, self._timeout_s, self._clock, self._tls)
        try:
            yield session
        finally:
            await session.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The machine's own trust store, where a company keeps its own authority."""
        return ssl.create_default_context()


class WebhookSession:
    """A client for each receiver: connections to one address must not be shared by the names behind it."""

    def __init__(
        self, allowed: AllowList, timeout_s: float, clock: Clock, tls: ssl.SSLContext
    ) -> None:
        self._allowed = allowed
        self._timeout_s = timeout_s
        self._clock = clock
        self._tls = tls
        self._lines: dict[str, _Line] = {}
        self._left: list[httpx.AsyncClient] = []

    async def send(self, url: str, secrets: Sequence[str], event_id: str, body: bytes) -> Accepted:
        """POST `body`, signed with every one of `secrets`. Raises `DeliveryFailed`."""
        signed = signed_headers(event_id, body, secrets, self._clock())
        return await self.call(Call(url, {"Content-Type": CONTENT_TYPE, **signed}, body))

    async def call(self, call: Call) -> Accepted:
        """Make the request, whatever it is. Raises `DeliveryFailed`."""
        url = call.url
        try:
            async with asyncio.timeout(self._timeout_s):
                status, response = await self._request(await self._line(url), call)
        except TimeoutError as error:
            self._leave(url)
            raise DeliveryFailed(f"no answer within {self._timeout_s:g} s") from error
        except Invalid as error:
            raise DeliveryFailed(f"{error.code}: {error.detail}") from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            self._leave(url)
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if 200 <= status < 300:
            refusal = call.why_not(response) if call.why_not else None
            if refusal is not None:
                raise DeliveryFailed(refusal.detail, status, response, refusal.pause)
            return Accepted(status, response)
        reason = "redirects are not followed" if 300 <= status < 400 else "refused"
        raise DeliveryFailed(f"{reason}: HTTP {status}", status, response)

    async def close(self) -> None:
        for client in (*self._left, *(line.client for line in self._lines.values())):
            await client.aclose()

    async def _line(self, url: str) -> _Line:
        line = self._lines.get(url)
        if line is None or time.monotonic() - line.checked_at > RECHECK_S:
            receiver = await asyncio.to_thread(self._allowed.check, url)
            self._leave(url)
            client = httpx.AsyncClient(
                verify=self._tls, timeout=self._timeout_s, follow_redirects=False, trust_env=False
            )
            line = self._lines[url] = _Line(receiver, client, time.monotonic())
        return line

    def _leave(self, url: str) -> None:
        """Connect anew the next time. The client is closed in the end: others may be waiting for its answers."""
        line = self._lines.pop(url, None)
        if line is not None:
            self._left.append(line.client)

    async def _request(self, line: _Line, call: Call) -> tuple[int, str]:
        headers = {
            "User-Agent": "Greenroom",
            **outgoing(),
            **call.headers,
            "Host": line.receiver.url.netloc.decode(),
        }
        # To the address that was checked, while TLS still asks for a certificate of the name.
        target = line.receiver.url.copy_with(host=str(line.receiver.address))
        if call.query:
            target = target.copy_merge_params(dict(call.query))
        async with line.client.stream(
            call.method,
            target,
            content=call.body,
            headers=headers,
            extensions={"sni_hostname": line.receiver.url.host},
        ) as response:
            return response.status_code, await _beginning(response)


async def _beginning(response: httpx.Response) -> str:
    """What the receiver said, of whatever size: little of it is read, and not for long. The status is the answer."""
    read = b""
    try:
        async with asyncio.timeout(LONGEST_READ_S):
            async for piece in response.aiter_raw():
                read += piece
                if len(read) >= MOST_READ:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # it broke off after its status
    return read[:MOST_READ].decode(errors="replace")


def signed_headers(
    event_id: str, body: bytes, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Standard Webhooks' three headers; one signature per secret, so that secrets can be rotated."""
    signatures = [Webhook(secret).sign(event_id, now, body.decode()) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
