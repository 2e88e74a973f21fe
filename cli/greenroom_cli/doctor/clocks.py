"""Whether the machines agree what time it is, and which one does not: signatures, links and deadlines depend on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import PATIENCE_S, trust

NOTICED_S = 5
"""Seconds off that time servers never leave; a `Date` header counts whole seconds, and an answer takes its time."""
REFUSED_S = 15 * 60
"""Seconds off from which S3 refuses signatures (`RequestTimeTooSkewed`)."""
_IN_GREETING = re.compile(r"\w{3}, +\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
"""Sendmail and Exim tell the time when they greet (RFC 5322, 3.3); others do not."""


def check_clocks(deployment: Deployment) -> Iterator[Finding]:
    """Each clock against the one that all of them together are nearest to; this machine's is one of them."""
    off_s: dict[str, float] = {}
    for code, told in _all_told(deployment):
        if isinstance(told, str):
            yield skipped(code, "untold", why=told)
        else:
            off_s[code] = (told - datetime.now(UTC)).total_seconds()
    true_s = middle([0.0, *off_s.values()])
    if abs(true_s) >= NOTICED_S:
        yield _judged("clock.here", -true_s)
    for code, found in off_s.items():
        yield _judged(code, found - true_s)


def middle(clocks: list[float]) -> float:
    """The one, in seconds, with the least distance to all others; the first where another has hardly less."""

    def distance(one: float) -> float:
        return sum(abs(one - other) for other in clocks)

    nearest = min(clocks, key=distance)
    return clocks[0] if distance(clocks[0]) <= distance(nearest) + NOTICED_S else nearest


def _all_told(deployment: Deployment) -> Iterator[tuple[str, datetime | str]]:
    parts = deployment.parts
    if deployment.store_settings is not None:
        yield "clock.store", _of_server(deployment.store_settings.endpoint)
    if deployment.links is not None:
        yield "clock.pages", _of_server(deployment.links.public_url)
    if parts.get("provider") is not None:
        yield "clock.provider", _of_server(parts["provider"].issuer)
    try:
        if deployment.database is not None:
            yield "clock.database", deployment.database.now()
    except GreenroomError as error:
        yield "clock.database", error.detail
    if deployment.mail is not None:
        told = _of_relay(deployment)
        if told is not None:
            yield "clock.mail", told


def _of_server(url: str) -> datetime | str:
    """What its `Date` header says, else why there is none."""
    try:
        answer = httpx.head(url, timeout=PATIENCE_S, verify=trust())
        return parsedate_to_datetime(answer.headers["Date"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return type(error).__name__


def _of_relay(deployment: Deployment) -> datetime | None:
    try:
        with deployment.relay() as relay:
            found = _IN_GREETING.search(relay.greeting)
    except GreenroomError:
        return None  # the check of the relay says why
    return None if found is None else parsedate_to_datetime(found[0])


def _judged(code: str, off_s: float) -> Finding:
    what, seconds = ("ahead" if off_s > 0 else "behind"), f"{abs(off_s):.0f}"
    if abs(off_s) >= REFUSED_S:
        return fault(code, what, seconds=seconds)
    if abs(off_s) >= NOTICED_S:
        return warning(code, what, seconds=seconds)
    return good(code)
