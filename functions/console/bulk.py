"""One action on many interviews 批量操作: how many it would touch, then what became of each.

Each interview is one transaction of its own with the very action that the API has for one: one that is refused
leaves the others done. The confirmation carries the interviews that were counted, so that nobody acts on one that
came to match since; and a key, so that a form sent twice is answered twice and done once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from functions.console import actions, reading
from functions.console.decision import deciding
from functions.console.page import render
from functions.console.session import Visitor, visitor_of
from greenroom.domain.decision import OUTCOMES, Decision
from greenroom.domain.errors import Conflict, GreenroomError, Invalid, NotFound
from greenroom.domain.ids import new_id
from greenroom.domain.intervention import Note
from greenroom.domain.model import canonical_json
from greenroom.runtime.http import Request, Response
from greenroom.runtime.idempotency import Once, idempotent

if TYPE_CHECKING:
    from functions.console.actions import Action
    from functions.console.settings import Settings
    from greenroom.adapters.database import InterviewRow
    from greenroom.domain.template import Question
    from greenroom.runtime.function import Function

ACTIONS = ("remind", "extend", "re_record", "decide")
RESULTS = ("refused", "done", "unchanged")
MOST = 200
"""At once. On a database a network away each takes tens of milliseconds, and a request may last 29 s (API Gateway)."""
NAMED = 20
"""Names that the confirmation shows; the others are counted."""
TICK = "tick-"


def confirm_page(
    request: Request, app: Function[Settings], *, problem: GreenroomError | None = None
) -> Response:
    """``POST /console/bulk``: how many interviews it would be, whose, and what the action needs to know.

    Raises `Invalid`: `nothing_ticked`, `too_many_rows`, `unknown_action`, `invalid_query`.
    """
    form = request.form()
    action = form.get("action", "")
    if action not in ACTIONS:
        raise Invalid("action: one of " + ", ".join(ACTIONS), code="unknown_action")
    rows = _chosen(form, app)
    if not rows:
        raise Invalid("no interview was ticked", code="nothing_ticked")
    return render(
        request,
        app,
        "bulk.html",
        status=problem.status if problem else 200,
        problem=problem,
        action=action,
        form=form,
        rows=rows,
        named=rows[:NAMED],
        questions=_questions(rows),
        outcomes=OUTCOMES,
        query=form.get("query", ""),
        once=form.get("once") or new_id("blk"),
        zone=app.settings.time_zone,
        asks_review=any(row.plan.policy.human_review for row in rows),
    )


def run_page(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/bulk/run``: does it, and says for each interview what was done, or why not.

    What the form lacks sends it back filled in. Raises `Invalid` as `confirm_page`, `Conflict` (`in_progress`,
    `idempotency_key_reused`).
    """
    visitor = visitor_of(request)
    form = request.form()
    try:
        act = _action(form, visitor, ZoneInfo(app.settings.time_zone))
    except Invalid as error:
        return confirm_page(request, app, problem=error)
    chosen = [row.id for row in _chosen(form, app)]
    keyed = replace(request, headers={**request.headers, "idempotency-key": form.get("once", "")})
    answer = idempotent(
        app.database,
        keyed,
        "bulk",
        lambda once: Response.json([_one(app, interview, act, once) for interview in chosen]),
    )
    results: list[dict[str, str]] = json.loads(answer.body)
    with app.database.begin() as tx:
        rows = tx.interviews.many([one["interview"] for one in results])
    return render(
        request,
        app,
        "bulk_done.html",
        action=form["action"],
        results=sorted(results, key=lambda one: RESULTS.index(one["result"])),
        rows=rows,
        counts={result: sum(one["result"] == result for one in results) for result in RESULTS},
        query=form.get("query", ""),
    )


def _one(app: Function[Settings], interview: str, act: Action, once: Once) -> dict[str, str]:
    """What became of one interview: ``done``, ``unchanged``, or ``refused`` with its code.

    It is kept with the act itself: killed halfway and sent again, nobody is reminded twice.
    """
    whose = f"{once.whose}:{interview}"
    try:
        with app.changes() as tx:
            if once.key:
                stored = tx.idempotency.begin(whose, once.key, "")
                if stored is not None:
                    return {"interview": interview, "result": stored.body}
            result = "done" if actions.run(tx, interview, act) else "unchanged"
            if once.key:
                tx.idempotency.finish(whose, once.key, 200, result)
    except (Conflict, Invalid, NotFound) as error:
        return {"interview": interview, "result": "refused", "code": error.code}
    return {"interview": interview, "result": result}


def _chosen(form: Mapping[str, str], app: Function[Settings]) -> list[InterviewRow]:
    """The interviews of the confirmation, else all that match, else those that were ticked; by name.

    Raises `Invalid`: `too_many_rows`, `invalid_query`.
    """
    if "interviews" in form:
        return _rows(form["interviews"].split(), app)
    if form.get("scope") == "all":
        asked = dict(parse_qsl(form.get("query", "")))
        return _by_name(reading.whole_list(asked, app, at_most=MOST).interviews)
    return _rows((name.removeprefix(TICK) for name in form if name.startswith(TICK)), app)


def _rows(ids: Iterable[str], app: Function[Settings]) -> list[InterviewRow]:
    wanted = set(ids)
    if len(wanted) > MOST:
        raise Invalid(f"at most {MOST} interviews at once", code="too_many_rows")
    with app.database.begin() as tx:
        return _by_name(tx.interviews.many(sorted(wanted)).values())


def _by_name(rows: Iterable[InterviewRow]) -> list[InterviewRow]:
    return sorted(rows, key=lambda row: (row.candidate_name, row.id))


def _questions(rows: Iterable[InterviewRow]) -> dict[str, Question]:
    """What may be asked again, by id: the questions of all these interviews."""
    return {question.id: question for row in rows for question in row.plan.template.questions}


def _action(form: Mapping[str, str], who: Visitor, zone: ZoneInfo) -> Action:
    """Raises `Invalid`: `invalid_document`, `deadline_missing`, `question_missing`, `unknown_action`."""
    note: dict[str, Any] = {"reason": form.get("reason", "").strip() or None}
    match form.get("action"):
        case "remind":
            return actions.reminding(who, Note.parse(canonical_json(note), what="note"))
        case "extend":
            return actions.extending(who, _deadline(form.get("deadline", ""), zone))
        case "re_record":
            if not form.get("question"):
                raise Invalid("choose the question to ask again", code="question_missing")
            reason = Note.parse(canonical_json(note), what="note")
            return actions.asking_again(who, reason, form["question"])
        case "decide":
            decision = {
                "outcome": form.get("outcome"),
                "reason": form.get("reason", ""),
                "tell": form.get("tell") == "yes",
            }
            return deciding(who, Decision.parse(canonical_json(decision), what="decision"))
        case _:
            raise Invalid("action: one of " + ", ".join(ACTIONS), code="unknown_action")


def _deadline(text: str, zone: ZoneInfo) -> datetime:
    """A field of type datetime-local, in the time zone that the pages tell times in."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("the new deadline is missing", code="deadline_missing") from None
