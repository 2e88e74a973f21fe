"""Whether the machines agree what time it is: signatures, links and deadlines depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning

NOTICED_S = 5
"""Seconds off that time servers never leave; a `Date` header counts whole seconds, and an answer takes its time."""
REFUSED_S = 15 * 60
"""Seconds off from which S3 refuses signatures (`RequestTimeTooSkewed`)."""
MEND = "Let time servers set the clock of every machine (chrony, systemd-timesyncd)."


def check_clocks(deployment: Deployment) -> Iterator[Finding]:
    store, links = deployment.store_settings, deployment.links
    if store is not None:
        yield _of_server("clock.store", "the store", store.endpoint)
    if links is not None:
        yield _of_server("clock.pages", "the pages", links.public_url)
    try:
        if deployment.database is not None:
            yield _judged("clock.database", "the database", deployment.database.now())
    except GreenroomError:
        yield skipped("clock.database", "the database does not answer")


def _of_server(code: str, whose: str, url: str) -> Finding:
    try:
        told = parsedate_to_datetime(httpx.head(url, timeout=10).headers["Date"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return skipped(code, f"{whose} told no time: {type(error).__name__}")
    return _judged(code, whose, told)


def _judged(code: str, whose: str, told: datetime) -> Finding:
    off_s = (told - datetime.now(UTC)).total_seconds()
    said = f"the clock of {whose} is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} this one"
    if abs(off_s) >= REFUSED_S:
        return fault(code, f"{said}: signatures are refused", MEND)
    if abs(off_s) >= NOTICED_S:
        return warning(code, said, MEND)
    return good(code, f"{whose} and this machine agree")
