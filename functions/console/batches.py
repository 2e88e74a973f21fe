"""批次: what was sent, putting a new batch together and sending it, and how the sending goes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.console.batch_form import MOST_EDITED, BatchForm, question_json
from functions.console.page import render
from functions.console.session import visitor_of
from greenroom.domain.errors import GreenroomError
from greenroom.domain.ids import derived_id, new_id
from greenroom.runtime.batches import check_batch, keep_batch
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import BatchRow, MailCounts
    from greenroom.runtime.function import Function

PAGE = 30


def batches_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/batches?after=``, the newest first."""
    after = request.query.get("after") or None
    with app.database.begin() as tx:
        rows = tx.batches.newest(PAGE + 1, after)
        shown = rows[:PAGE]
        mails = {row.id: tx.mails.counts(row.id) for row in shown}
    following = "?" + urlencode({"after": shown[-1].id}) if len(rows) > PAGE else None
    return render(
        request,
        app,
        "batches.html",
        batches=shown,
        mails=mails,
        following=following,
        first=after is None,
        may_send=visitor_of(request).may("interviews:write"),
    )


def new_batch_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/batches/new``: the empty form; its `nonce` makes one batch of a form sent twice."""
    return _form(request, app, BatchForm({"nonce": new_id("key"), "source": "sheet"}))


def make_batch(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/batches``: `do` is check, propose (questions from the bank) or send.

    What is wrong is shown beside what was typed. The same form sent again leads to the same batch, an edited one
    to another.
    """
    form = BatchForm(request.form())
    do = form.typed.get("do")
    form.check(app, propose=do == "propose")
    if do != "send" or form.asked is None or form.problems:
        return _form(request, app, form)
    visitor = visitor_of(request)
    digest = hashlib.sha256(form.asked.to_bytes()).hexdigest()
    batch = derived_id("bat", visitor.id, form.typed.get("nonce", ""), digest)
    try:
        check_batch(form.asked, app.clock())
        keep_batch(batch, form.asked, visitor.actor, app, tracking=app.settings.links.tracking)
    except GreenroomError as error:
        if error.status >= 500:
            raise
        form.problems["head"] = error
        return _form(request, app, form)
    return Response.redirect(f"/console/batches/{batch}")


def batch_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/batches/{batch}``. Raises `NotFound` (`unknown_batch`)."""
    batch, mails = _standing(request, app)
    return render(
        request, app, "batch.html", batch=batch, mails=mails, progress=_progress(batch, mails)
    )


def batch_progress(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/batches/{batch}/progress``, for the page's script. Raises what `batch_page` raises."""
    progress = _progress(*_standing(request, app))
    return Response.json(progress, headers={"Cache-Control": "no-store"})


def _standing(request: Request, app: Function[Settings]) -> tuple[BatchRow, MailCounts]:
    with app.database.begin() as tx:
        batch = tx.batches.get(request.params["batch"])
        return batch, tx.mails.counts(batch.id)


def _progress(batch: BatchRow, mails: MailCounts) -> dict[str, Any]:
    done = mails.sent + mails.dead
    return {
        "sent": mails.sent,
        "failed": mails.dead,
        "waiting": batch.accepted - done,
        "share": round(done / batch.accepted, 4) if batch.accepted else 1,
        "done": batch.state == "invited",
    }


def _form(request: Request, app: Function[Settings], form: BatchForm) -> Response:
    with app.database.begin() as tx:
        templates = tx.catalogue.templates()
        models = tx.catalogue.models()
        filters = tx.catalogue.filters()
        policies = tx.catalogue.policies()
    return render(
        request,
        app,
        "batch_new.html",
        status=422 if form.problems else 200,
        form=form,
        typed=form.typed,
        templates=templates,
        models=models,
        filters=filters,
        policies=policies,
        editable=len(form.questions) <= MOST_EDITED,
        question_json=question_json,
        zone=app.settings.time_zone,
    )
