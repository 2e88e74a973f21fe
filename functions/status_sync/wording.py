"""What an endpoint is sent, by its kind: the event, or a message made of it and what is known of its interview."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from functions.status_sync.rest import rest_call
from greenroom.adapters.chat_robots import Message, robot_call
from greenroom.adapters.webhooks import CONTENT_TYPE, Call, DeliveryFailed, signed_headers
from greenroom.domain.endpoint_kinds import ChatNotice, InterviewFacts
from greenroom.domain.events import Event
from greenroom.domain.model import text_in
from greenroom.runtime.texts import texts

if TYPE_CHECKING:
    from datetime import datetime

    from functions.status_sync.settings import Settings
    from greenroom.adapters.database import ClaimedDelivery, InterviewRow, Transaction
    from greenroom.runtime.function import Function

LOCALES = Path(__file__).parents[2] / "locales"


def facts_for(
    tx: Transaction, claimed: Iterable[ClaimedDelivery], public_url: str
) -> dict[str, InterviewFacts]:
    """By interview, what the messages among `claimed` may need; plain webhooks need nothing."""
    wanted = {item.row.interview_id for item in claimed if item.endpoint.kind != "webhook"}
    if not wanted:
        return {}
    there, callbacks = tx.interviews.many(wanted), tx.partner_orders.callbacks(wanted)
    return {name: _facts(name, there.get(name), callbacks.get(name), public_url) for name in wanted}


def worded(
    claimed: ClaimedDelivery,
    facts: Mapping[str, InterviewFacts],
    app: Function[Settings],
    now: datetime,
) -> Call:
    """The request that delivers `claimed`. Raises `DeliveryFailed` when it cannot be made."""
    endpoint, event_id, body = claimed.endpoint, claimed.row.event_id, claimed.body
    if endpoint.kind == "webhook":
        signed = signed_headers(event_id, body, claimed.secrets, now)
        return Call(endpoint.url, {"Content-Type": CONTENT_TYPE, **signed}, body)
    known = facts[claimed.row.interview_id]
    if endpoint.kind == "greenhouse":
        return completed_call(known, endpoint.secret)
    if endpoint.kind == "rest":
        return rest_call(endpoint, Event.stored(body), known, app)
    message = chat_message(Event.stored(body), known, endpoint.notice or ChatNotice())
    return robot_call(endpoint.kind, endpoint.url, endpoint.secret, message, now)


def chat_message(event: Event, facts: InterviewFacts, notice: ChatNotice) -> Message:
    """Names event, job and interview; of the candidate only what `notice.facts` chose."""
    said = texts(LOCALES, notice.locale).gettext
    shown: dict[str, str | None] = {
        "job": facts.job if notice.locale == "zh-CN" else facts.job_en,
        "interview": facts.id,
    }
    if "candidate" in notice.facts:
        shown["candidate"] = facts.candidate_name
    if "score" in notice.facts and facts.score is not None:
        shown["score"] = f"{facts.score:g}"
    if "flags" in notice.facts and facts.flags:
        known = ("needs_follow_up", "needs_re_record", "recording_withdrawn")
        named = [said(f"flag.{flag}") if flag in known else flag for flag in facts.flags]
        shown["flags"] = ", ".join(named)
    return Message(
        title=f"{said('brand')} · {said(f'event.{event.type.value}')}",
        lines=[(said(f"chat.{name}"), text) for name, text in shown.items() if text],
        link_text=said("chat.open"),
        link=facts.console_url,
        locale=notice.locale,
    )


def completed_call(facts: InterviewFacts, api_key: str) -> Call:
    """Greenhouse's «Mark Test as Completed»: a PATCH that says nothing; it then asks for the test's status.

    Raises `DeliveryFailed` for an interview that was erased since.
    """
    if facts.callback_url is None:
        raise DeliveryFailed("nobody ordered this interview any more")
    key = base64.b64encode(f"{api_key}:".encode()).decode()
    return Call(facts.callback_url, {"Authorization": f"Basic {key}"}, b"", method="PATCH")


def _facts(
    interview_id: str, row: InterviewRow | None, callback_url: str | None, public_url: str
) -> InterviewFacts:
    console_url = f"{public_url.rstrip('/')}/console/interviews/{interview_id}"
    if row is None:
        return InterviewFacts(interview_id, console_url)
    return InterviewFacts(
        id=interview_id,
        console_url=console_url,
        callback_url=callback_url,
        batch=row.batch_id,
        job_id=row.plan.model.id,
        job=text_in(row.plan.model.job, "zh-CN"),
        job_en=text_in(row.plan.model.job, "en"),
        candidate_id=row.candidate_external_id,
        candidate_name=row.candidate_name,
        candidate_email=row.candidate_email,
        score=row.total_score,
        flags=tuple(row.flags),
        deadline=row.deadline.isoformat(),
        submitted_at=row.submitted_at.isoformat() if row.submitted_at else None,
    )
