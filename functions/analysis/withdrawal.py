"""Forgets what was inferred when the candidate takes back a consent that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.analysis.permitted import permitted
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis
from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.events import EventType
from greenroom.domain.interview import SETTLED, InterviewState
from greenroom.domain.quality import FACE_FINDINGS, Quality, without_faces
from greenroom.domain.scoring import score_interview
from greenroom.runtime.analysis_modules import Modules, installed
from greenroom.runtime.scored_answers import scored_answers
from greenroom.runtime.standing import record_standing

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.domain.consent import Consents
    from greenroom.domain.scorecard import Scorecard
    from greenroom.runtime.function import Function


def forget_withdrawn(key: str, app: Function[Settings]) -> None:
    """Forget what the withdrawal at `key` asks for. Raises what `forget` raises, `Invalid`."""
    interview_id = keys.interview_of(key)
    if key != keys.withdrawal(interview_id):
        raise keys.invalid_key(key)
    forget(interview_id, app)


def forget(interview_id: str, app: Function[Settings], *, modules: Modules | None = None) -> None:
    """Remove observations without a consent that still holds, from every attempt, and score anew without them.

    What copied them goes too: the face findings of quality.json, and numbers in the steps of the process log, which
    the events' objects repeat and the webhooks may still have to send. Without consent to scoring by software there
    is no scorecard and no score afterwards, and a person reviews. Nothing happens where nothing was taken back, or
    another run has done it. Raises `Unavailable`, `NotFound`, `Invalid` as the store, the database and the documents
    do.
    """
    with app.database.begin() as tx:
        begun = tx.interviews.withdrawal(interview_id)
        consents = tx.interviews.consents(interview_id) or NO_CONSENTS
    if begun is None:
        return
    _forget_observations(interview_id, consents, modules or installed(), app)
    scorecard = _scorecard_left(interview_id, consents, app)
    with app.changes() as tx:
        tx.interviews.hold(interview_id)
        if not tx.interviews.end_withdrawal(interview_id, begun):
            return  # another one came meanwhile, and its own event does it
        tx.process_log.rewrite(interview_id, lambda kind, told: _still_told(kind, told, consents))
        if scorecard is not None:
            _scored_anew(tx, interview_id, scorecard)
        else:
            tx.interviews.forget_scores(interview_id)
            tx.overrides.remove(interview_id)
        if not consents.scorable:
            _to_a_person(tx, interview_id)


def _forget_observations(
    interview_id: str, consents: Consents, modules: Modules, app: Function[Settings]
) -> None:
    for found in app.store.listing(keys.reports(interview_id)):
        if found.key.endswith("/analysis.json"):
            analysis = Analysis.stored(app.store.get(found.key), what=found.key)
            kept = permitted(analysis, consents, modules)
            if kept != analysis:
                app.store.put(found.key, kept.canonical())
            app.store.delete_earlier(found.key)
        elif found.key.endswith("/quality.json") and not consents.face:
            quality = Quality.stored(app.store.get(found.key), what=found.key)
            faceless = without_faces(quality)
            if faceless != quality:
                app.store.put(found.key, faceless.canonical())
            app.store.delete_earlier(found.key)


def _still_told(kind: EventType, told: dict[str, Any], consents: Consents) -> dict[str, Any]:
    """What a step of the process log may still tell."""
    if kind is EventType.INTERVIEW_SCORED:
        return {**told, "total": None, "coverage": None}
    if not consents.face and kind in (EventType.ANSWER_CHECKED, EventType.ANSWER_RE_RECORD):
        return {**told, "reasons": [one for one in told["reasons"] if one not in FACE_FINDINGS]}
    return told


def _scorecard_left(
    interview_id: str, consents: Consents, app: Function[Settings]
) -> Scorecard | None:
    """The scorecard over what is left, in place of the one there was; None where there was or may be none.

    While an answer is being recorded again there is none either: it is made anew when every answer is in.
    """
    key = keys.scorecard(interview_id)
    with app.database.begin() as tx:
        interview = tx.interviews.get(interview_id)
        answers = tx.interviews.answers(interview_id)
    settled = all(answer.state in SETTLED for answer in answers)
    if not consents.scorable or not settled or app.store.head(key) is None:
        app.store.delete(key, every_version=True)
        return None
    scored = scored_answers(interview, answers, app.store)
    card = score_interview(interview.id, interview.plan.model, interview.plan.mapping, scored)
    app.store.put(key, card.canonical())
    app.store.delete_earlier(key)
    return card


def _to_a_person(tx: Transaction, interview_id: str) -> None:
    moved = tx.interviews.move(
        interview_id, InterviewState.HUMAN_REVIEW, frm=(InterviewState.SCORED,)
    )
    if moved:
        reason = {"reason": "ai_scoring_withdrawn"}
        tx.process_log.append(interview_id, EventType.INTERVIEW_HUMAN_REVIEW, reason)


def _scored_anew(tx: Transaction, interview_id: str, card: Scorecard) -> None:
    record_standing(tx, tx.interviews.get(interview_id), card)
    details: dict[str, Any] = {
        "status": card.total.status,
        "total": card.total.score,
        "coverage": card.total.coverage,
        "reason": "consent_withdrawn",
    }
    tx.process_log.append(interview_id, EventType.INTERVIEW_SCORED, details)
