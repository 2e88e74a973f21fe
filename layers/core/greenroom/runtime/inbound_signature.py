"""Signed requests: Standard Webhooks' three headers, the other way round.

The signed text is the method, the path (decoded) with its query parameters sorted and form-encoded, a newline,
and the SHA-256 of the body in hex, so that any body can be signed and none can be sent to another route::

    POST /v1/batches?locale=en&template=screening
    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from greenroom.domain.errors import Unauthorized
from greenroom.runtime.http import Request


def signed_text(request: Request) -> str:
    query = f"?{urlencode(sorted(request.query.items()))}" if request.query else ""
    digest = hashlib.sha256(request.body).hexdigest()
    return f"{request.method} {request.path}{query}\n{digest}"


def check_signature(secret: str, request: Request) -> None:
    """Good for five minutes around `webhook-timestamp`. Raises `Unauthorized` (`signature_invalid`)."""
    try:
        Webhook(secret).verify(signed_text(request), dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: not base64, no comma
        raise Unauthorized(
            f"the request's signature is not good: {error}", code="signature_invalid"
        ) from error
