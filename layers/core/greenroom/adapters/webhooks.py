"""Sending one webhook as Standard Webhooks asks: signed, without redirects, in bounded time."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook

from greenroom.adapters.receivers import AllowList, Receiver
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import GreenroomError, Invalid

if TYPE_CHECKING:
    from greenroom.domain.events import Event

# httpx logs every URL at INFO, and a receiver's URL may carry a token of theirs.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class DeliveryFailed(GreenroomError):
    """The receiver did not take the webhook. `http_status` is None when there was no answer."""

    code = "delivery_failed"

    def __init__(self, detail: str, http_status: int | None = None) -> None:
        super().__init__(detail)
        self.http_status = http_status


class WebhookSender:
    """Sends to receivers on the allow-list. One sender serves many threads.

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
        """POST `event`, signed with every one of `secrets`; the 2xx status. Raises `DeliveryFailed`."""
        try:
            return asyncio.run(self._send(url, secrets, event))
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {self._timeout_s:g} s") from error
        except Invalid as error:
            raise DeliveryFailed(f"{error.code}: {error.detail}") from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error

    async def _send(self, url: str, secrets: Sequence[str], event: Event) -> int:
        async with asyncio.timeout(self._timeout_s):
            receiver = await asyncio.to_thread(self._allowed.check, url)
            status = await self._post(receiver, secrets, event)
        if 200 <= status < 300:
            return status
        reason = "redirects are not followed" if 300 <= status < 400 else "refused"
        raise DeliveryFailed(f"{reason}: HTTP {status}", status)

    async def _post(self, receiver: Receiver, secrets: Sequence[str], event: Event) -> int:
        body = event.canonical().rstrip(b"\n")
        headers = {
            "Host": receiver.url.netloc.decode(),
            "Content-Type": CONTENT_TYPE,
            "User-Agent": "Greenroom",
            **signed_headers(event.id, body, secrets, self._clock()),
        }
        # To the address that was checked, while TLS still asks for a certificate of the name.
        target = receiver.url.copy_with(host=str(receiver.address))
        client = httpx.AsyncClient(
            verify=self._tls, timeout=self._timeout_s, follow_redirects=False, trust_env=False
        )
        async with (
            client,
            client.stream(
                "POST",
                target,
                content=body,
                headers=headers,
                extensions={"sni_hostname": receiver.url.host},
            ) as response,
        ):
            # The status is the answer; a body, of whatever size, is not read.
            return response.status_code

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The machine's own trust store, where a company keeps its own authority."""
        return ssl.create_default_context()


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
