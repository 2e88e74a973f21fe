"""The errors that Greenroom raises on purpose, each with a stable code.

Clients and tests compare `code`, never the text. `permanent` tells a queue worker whether trying
again can help: a permanent error is recorded and the message is done, a retryable one goes back to
the queue. HTTP turns every one into an RFC 9457 problem with `status`.
"""

from __future__ import annotations

from typing import Any


class GreenroomError(Exception):
    """Base of all. `detail` is for a person; `fields` are members of the problem document."""

    code = "internal"
    status = 500
    permanent = False

    def __init__(self, detail: str, *, code: str | None = None, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code
        self.fields = fields


class Invalid(GreenroomError):
    """The request or document is wrong; sending it again unchanged cannot help."""

    code = "invalid"
    status = 422
    permanent = True


class Unauthorized(GreenroomError):
    """No credential, or one that is not good (expired, altered, revoked)."""

    code = "unauthorized"
    status = 401
    permanent = True


class Forbidden(GreenroomError):
    """A good credential that does not open this door."""

    code = "forbidden"
    status = 403
    permanent = True


class NotFound(GreenroomError):
    """Nothing is there under this name."""

    code = "not_found"
    status = 404
    permanent = True


class Conflict(GreenroomError):
    """The thing is not in a state that allows this (or the idempotency key was used otherwise)."""

    code = "conflict"
    status = 409
    permanent = True


class TooLarge(GreenroomError):
    """More bytes, rows or parts than the limit that the detail names."""

    code = "too_large"
    status = 413
    permanent = True


class TooManyRequests(GreenroomError):
    """This caller has asked too often: again in `retry_after_s` seconds."""

    code = "rate_limited"
    status = 429
    permanent = False

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class Unavailable(GreenroomError):
    """A part that we need does not answer now (store, database, mail relay): try again later."""

    code = "unavailable"
    status = 503
    permanent = False


class MisconfiguredSetting(GreenroomError):
    """A setting is missing or malformed; `detail` names it."""

    code = "misconfigured"
    status = 500
    permanent = True
