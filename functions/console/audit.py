"""The audit log for auditors: a page and an API, both for reading alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.console.page import render
from greenroom.domain.errors import Invalid
from greenroom.runtime.http import Request, Response
from greenroom.runtime.tokens import candidate_pseudonym

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.domain.audit import Entry
    from greenroom.runtime.function import Function

FILTERS = ("actor", "action", "subject")
AT_ONCE = 50


def audit_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/audit?actor=&action=&subject=&before=``."""
    entries, more = _entries(request.query, app)
    ids = [entry.act.actor.id for entry in entries]
    ids += [entry.act.subject_id for entry in entries if entry.act.subject == "user"]
    with app.database.begin() as tx:
        names, head = tx.users.names(ids), tx.audit.head()
    kept = {name: request.query[name] for name in FILTERS if request.query.get(name)}
    older = "?" + urlencode({**kept, "before": entries[-1].seq}) if more else None
    return render(
        request, app, "audit.html", entries=entries, names=names, head=head, kept=kept, older=older
    )


def read_audit_log(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/audit-log``, newest first."""
    entries, more = _entries(request.query, app)
    following = None
    if more:
        following = "/v1/audit-log?" + urlencode({**request.query, "before": entries[-1].seq})
    return Response.json({"entries": [_document(entry) for entry in entries], "next": following})


def _entries(query: Mapping[str, str], app: Function[Settings]) -> tuple[list[Entry], bool]:
    """A page of the log, and whether there is more. Raises `Invalid` (`invalid_query`)."""
    before = query.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Invalid("before is an entry's number", code="invalid_query")
    with app.database.begin() as tx:
        found = tx.audit.find(
            actor=query.get("actor") or None,
            action=query.get("action") or None,
            subject_ids=_subjects(query.get("subject"), app),
            before=int(before) if before is not None else None,
            limit=AT_ONCE + 1,
        )
    return found[:AT_ONCE], len(found) > AT_ONCE


def _subjects(asked: str | None, app: Function[Settings]) -> list[str]:
    """What is asked for, and what the log calls the candidate whom the EHR knows by that id."""
    if not asked:
        return []
    key = app.settings.tokens.key.get_secret_value()
    return [asked, candidate_pseudonym(key, asked)]


def _document(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": {"kind": entry.act.actor.kind, "id": entry.act.actor.id},
        "action": entry.act.action,
        "subject": {"kind": entry.act.subject, "id": entry.act.subject_id},
        "details": dict(entry.act.details),
        "previous": entry.previous_sha256,
        "sha256": entry.sha256,
    }
