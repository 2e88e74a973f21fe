"""The SMTP side: takes every mail, except to ``bounce@…`` and ``bounce-…@…``, which it refuses with 550.

So what the platform does about an address that does not exist can be tried without leaving the machine.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

from aiosmtpd.controller import Controller

from greenroom_local.mailbox.letters import Letters

MAX_BYTES = 10 * 2**20

_log = logging.getLogger(__name__)


class Reception:
    """aiosmtpd's handler."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address.lower().startswith(("bounce@", "bounce-")):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        recipients = list(envelope.rcpt_tos)
        try:
            letter_id = await asyncio.to_thread(
                self._letters.keep, str(envelope.mail_from), recipients, envelope.content
            )
        except OSError:
            # Not 5xx, which would say that this mail can never be taken: the sender tries again.
            _log.exception("a mail could not be kept")
            return "452 4.3.1 no room for it now"
        return f"250 2.0.0 kept as {letter_id}"


def controller(
    letters: Letters, host: str, port: int, tls: ssl.SSLContext | None = None
) -> Controller:
    """A server in a thread of its own; `start()` and `stop()` it. With `tls` no mail is taken before STARTTLS."""
    return Controller(
        Reception(letters),
        hostname=host,
        port=port,
        enable_SMTPUTF8=True,
        data_size_limit=MAX_BYTES,
        decode_data=False,
        tls_context=tls,
        require_starttls=tls is not None,
    )
