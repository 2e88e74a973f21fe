"""Starting an attempt and signing its uploads: one POST policy per track."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from functions.upload_url.admission import (
    MAX_ATTEMPTS,
    attempt_in,
    check_deadline,
    check_open,
    check_take,
    check_wanted,
)
from greenroom.domain.errors import Conflict
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import MAX_PART_BYTES
from greenroom.domain.model import Document
from greenroom.domain.template import Question, TrackName
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.upload_url.settings import Settings
    from greenroom.runtime.function import Function

CONTENT_TYPE_PREFIX = "video/"


class Upload(Document):
    """How to send one track's parts: a form POST to `url` with `fields`, `key` and `Content-Type` before the file.

    A part's `key` is `key_prefix` + ``{segment:04d}/{part:06d}``.
    """

    url: str
    fields: dict[str, str]
    key_prefix: str
    content_type_prefix: str
    expires_at: datetime
    max_part_bytes: Annotated[int, Field(gt=0)]


class Uploads(Document):
    """One attempt's policies by track, and the question's limits in seconds."""

    answer: str
    attempt: Annotated[int, Field(ge=1)]
    uploads: dict[TrackName, Upload]
    think_s: float
    min_s: float
    max_s: float


def start_attempt(request: Request, app: Function[Settings]) -> Response:
    """``POST …/attempts``: the next attempt of an answer, ready to be uploaded.

    Asking twice starts two attempts; only sealed ones count as takes. Raises what `check_open`,
    `check_deadline`, `check_wanted` and `check_take` raise, `NotFound` (`unknown_answer`), `Conflict`
    (`too_many_attempts`).
    """
    interview_id, answer_id = request.who.id, request.params["answer"]
    with app.changes() as tx:
        interview = tx.interviews.get(interview_id)
        answer = tx.interviews.answer(interview_id, answer_id)
        check_open(tx, interview)
        check_deadline(tx, interview)
        check_wanted(answer)
        check_take(interview, answer)
        started = tx.interviews.start_attempt(interview_id, answer_id)
        if started.attempt > MAX_ATTEMPTS:
            raise Conflict(f"{MAX_ATTEMPTS} attempts were started", code="too_many_attempts")
        if tx.interviews.move(interview_id, InterviewState.IN_PROGRESS):
            tx.process_log.append(interview_id, EventType.INTERVIEW_STARTED, once="started")
        details = {"answer": answer_id, "attempt": started.attempt}
        tx.process_log.append(interview_id, EventType.ANSWER_STARTED, details)
        question = interview.plan.template.question(answer_id)
    ref = AttemptRef(interview_id, answer_id, started.attempt)
    return Response.json(
        _signed(ref, started.tracks, question, interview.time_factor, app), 201, _PRIVATE
    )


def renew_uploads(request: Request, app: Function[Settings]) -> Response:
    """``POST …/attempts/{attempt}/uploads``: fresh policies for an attempt that is still being uploaded.

    The deadline does not matter: what was recorded in time may arrive late. Raises what `check_open`
    raises, `NotFound` (`unknown_attempt`), `Conflict` (`attempt_sealed`).
    """
    ref = attempt_in(request)
    with app.database.begin() as tx:
        attempt = tx.interviews.attempt(ref)
        if attempt.state != "recording":
            raise Conflict("this attempt is sealed; nothing can be added", code="attempt_sealed")
        interview = tx.interviews.get(ref.interview)
        check_open(tx, interview)
        question = interview.plan.template.question(ref.answer)
    return Response.json(
        _signed(ref, attempt.tracks, question, interview.time_factor, app), headers=_PRIVATE
    )


_PRIVATE = {"Cache-Control": "no-store"}


def _signed(
    ref: AttemptRef,
    tracks: list[TrackName],
    question: Question,
    factor: float,
    app: Function[Settings],
) -> Uploads:
    return Uploads(
        answer=ref.answer,
        attempt=ref.attempt,
        uploads={track: _upload(ref, track, app) for track in tracks},
        think_s=question.think_s * factor,
        min_s=question.min_s,
        max_s=question.max_s * factor,
    )


def _upload(ref: AttemptRef, track: TrackName, app: Function[Settings]) -> Upload:
    policy = app.store.upload_policy(
        ref.track_prefix(track),
        expires_s=app.settings.uploads.expires_s,
        max_bytes=MAX_PART_BYTES,
        content_type_prefix=CONTENT_TYPE_PREFIX,
    )
    return Upload(
        url=policy.url,
        fields=policy.fields,
        key_prefix=policy.key_prefix,
        content_type_prefix=policy.content_type_prefix,
        expires_at=policy.expires_at,
        max_part_bytes=policy.max_bytes,
    )
