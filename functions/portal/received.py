"""What became of the candidate's answers: each one's recordings, quality, and the ledger over all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.domain.assembly import Assembly
from greenroom.domain.keys import AttemptRef
from greenroom.domain.ledger import Ledger, ledger
from greenroom.domain.manifest import Manifest
from greenroom.domain.quality import Quality
from greenroom.runtime.documents import stored_document
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.portal.settings import Settings
    from greenroom.runtime.function import Function


@dataclass(frozen=True)
class Received:
    """One answer's attempt in focus: what was sent, and what came of it. `quality` is None until it is checked."""

    manifest: Manifest
    assembly: Assembly
    quality: Quality | None


def read_ledger(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/candidate/ledger``."""
    interview = request.who.id
    found = ledger_over(interview, received(interview, app))
    return Response.json(found, headers={"Cache-Control": "no-store"})


def received(interview: str, app: Function[Settings]) -> dict[str, Received]:
    """The answers that were assembled, by id, in the order of the questions. Raises `Unavailable`, `Invalid`."""
    with app.database.begin() as tx:
        answers = tx.interviews.answers(interview)
    found = {}
    for answer in answers:
        if answer.attempt == 0:
            continue
        ref = AttemptRef(interview, answer.answer_id, answer.attempt)
        assembly = stored_document(app.store, ref.assembly, Assembly)
        manifest = stored_document(app.store, ref.manifest, Manifest) if assembly else None
        if assembly is not None and manifest is not None:
            quality = stored_document(app.store, ref.quality, Quality)
            found[answer.answer_id] = Received(manifest, assembly, quality)
    return found


def ledger_over(interview: str, answers: Mapping[str, Received]) -> Ledger:
    return ledger(interview, [(one.manifest, one.assembly) for one in answers.values()])
