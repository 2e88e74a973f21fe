"""Endpoints of the kind `rest`: their template checked when they are saved, filled in when an event is delivered."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from greenroom.adapters.payload_template import PayloadTemplate
from greenroom.adapters.webhooks import Call, DeliveryFailed, Refusal
from greenroom.domain.endpoint_kinds import AnswerCheck, InterviewFacts, RestCall
from greenroom.domain.errors import Invalid
from greenroom.domain.events import Event, EventData, EventType, links_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions.status_sync.settings import EndpointSecret, Settings
    from greenroom.adapters.database import EndpointRow
    from greenroom.runtime.function import Function

_REFERENCE = re.compile(r"\$\{([a-z][a-z0-9_-]{0,63})\}")
_INTERVIEW = "itv_" + "0" * 26
_KNOWN = InterviewFacts(
    id=_INTERVIEW,
    console_url=f"https://interview.example.com/console/interviews/{_INTERVIEW}",
    batch="bat_" + "0" * 26,
    job_id="store-manager",
    job="零售店长",
    job_en="Store manager",
    candidate_id="EHR-1024",
    candidate_name='李"明\\',
    candidate_email="li.ming@example.com",
    score=81.5,
    flags=("needs_follow_up",),
    deadline="2026-11-30T16:00:00+00:00",
    submitted_at="2026-11-29T08:00:00+00:00",
)
"""An interview of which everything is known; quotation mark and backslash show what is not escaped."""


def check_rest(
    url: str, rest: RestCall, types: Sequence[EventType] | None, app: Function[Settings]
) -> None:
    """Renders every event that the endpoint asks for: once with all that may be known, once with nothing.

    Raises `Invalid` (`invalid_template`, `unknown_secret`), which says the line and the event.
    """
    for value in rest.headers.values():
        _with_secrets(value, url, app.settings.webhooks.secrets)
    template = PayloadTemplate(rest.body, rest.content_type)
    for kind in types or list(EventType):
        for facts in (_KNOWN, InterviewFacts(_INTERVIEW, _KNOWN.console_url)):
            try:
                template.render(_values(_example(kind), facts))
            except Invalid as error:
                known = "" if facts is _KNOWN else " of an erased interview"
                raise Invalid(
                    f"{error.detail} ({kind.value}{known})", code=error.code, **error.fields
                ) from error


def rest_call(
    endpoint: EndpointRow, event: Event, facts: InterviewFacts, app: Function[Settings]
) -> Call:
    """Raises `DeliveryFailed` when the template does not take this event, or a secret is not there any more."""
    rest = endpoint.rest
    if rest is None:
        raise DeliveryFailed("the endpoint has no template")
    try:
        body = _template(rest.body, rest.content_type).render(_values(event, facts))
        secrets = app.settings.webhooks.secrets
        headers = {
            name: _with_secrets(value, endpoint.url, secrets)
            for name, value in rest.headers.items()
        }
    except Invalid as error:
        raise DeliveryFailed(f"{error.code}: {error.detail}") from error
    return Call(
        endpoint.url,
        {
            **headers,
            "Content-Type": f"{rest.content_type}; charset=utf-8",
            "Idempotency-Key": event.id,
        },
        body,
        method=rest.method,
        why_not=_reader(rest.answer) if rest.answer else None,
    )


@lru_cache(maxsize=64)
def _template(source: str, content_type: str) -> PayloadTemplate:
    return PayloadTemplate(source, content_type)


def _values(event: Event, facts: InterviewFacts) -> dict[str, Any]:
    return {"event": event.model_dump(mode="json"), "interview": facts.of_template()}


def _with_secrets(value: str, url: str, secrets: dict[str, EndpointSecret]) -> str:
    """`value` with each ``${name}`` replaced. Raises `Invalid` (`unknown_secret`).

    A secret goes to the host that it belongs to and nowhere else: whoever may register endpoints does not
    therefore get to read it.
    """

    def found(match: re.Match[str]) -> str:
        secret = secrets.get(match[1])
        if secret is None or secret.host.lower() != (urlsplit(url).hostname or ""):
            raise Invalid(
                f"no secret {match[1]} for this host in GREENROOM_WEBHOOKS__SECRETS",
                code="unknown_secret",
            )
        return secret.value.get_secret_value()

    return _REFERENCE.sub(found, value)


def _reader(check: AnswerCheck) -> Callable[[str], Refusal | None]:
    def why_not(answer: str) -> Refusal | None:
        try:
            said = json.loads(answer)[check.field]
        except (ValueError, TypeError, KeyError, RecursionError):
            return Refusal(f"its answer has no {check.field}")
        # 1 and true are equal in Python and not in JSON.
        if any(type(said) is type(good) and said == good for good in check.accepted):
            return None
        return Refusal(f"its answer's {check.field} is {str(said)[:200]}")

    return why_not


def _example(kind: EventType) -> Event:
    return Event(
        id="evt_" + "0" * 26,
        type=kind,
        subject=_INTERVIEW,
        time=datetime(2026, 11, 29, 8, tzinfo=UTC),
        sequence=1,
        data=EventData(
            interview=_INTERVIEW,
            batch="bat_" + "0" * 26,
            candidate="EHR-1024",
            state="scored",
            ehr_status="待评估",
            links=links_of(kind, _INTERVIEW),
        ),
    )
