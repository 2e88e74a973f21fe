"""Turns an assembled attempt into quality.json and moves its answer on."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from functions.quality_check.checks import CHECKS
from functions.quality_check.faces import face_counter
from functions.quality_check.measured import measure
from functions.quality_check.record import record
from functions.quality_check.words import words
from greenroom.domain.assembly import AssembledTrack, Assembly
from greenroom.domain.consent import NO_CONSENTS, Consents
from greenroom.domain.errors import Invalid, NotFound
from greenroom.domain.keys import AttemptRef, invalid_key
from greenroom.domain.quality import Finding, Quality, verdict_of, without_faces
from greenroom.domain.template import QualityTiers, Question, TrackName
from greenroom.runtime.recordings import fetched
from greenroom.runtime.workroom import workroom
from greenroom_media.errors import MediaLimit, MediaRefused
from greenroom_media.run import MIB, Limits

if TYPE_CHECKING:
    from functions.quality_check.settings import Settings
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function
    from greenroom_media.survey import FaceCounter


def check_assembly(key: str, app: Function[Settings]) -> None:
    """Check the attempt whose assembly was written to `key`. Raises what `check` raises, `Invalid`."""
    ref = AttemptRef.of(key)
    if key != ref.assembly:
        raise invalid_key(key)
    check(ref, app)


def check(ref: AttemptRef, app: Function[Settings]) -> None:
    """Measure one attempt, or only record it where an earlier run was killed after writing quality.json.

    Raises `NotFound` (`no_such_object`, `unknown_interview`, `unknown_answer`), `Invalid` (`invalid_document`),
    `Unavailable` (store, database, `disk_full`, `recording_differs`, `not_assembled_yet`, `consents_changed`),
    `MediaTimeout`, `MediaFailed`.
    """
    with app.database.begin() as tx:
        consents = tx.interviews.consents(ref.interview) or NO_CONSENTS
    body = app.store.get(ref.assembly)
    assembly = Assembly.stored(body)
    inputs = {"assembly": hashlib.sha256(body).hexdigest()}
    inputs |= {track.track: track.sha256 for track in assembly.tracks if track.sha256}
    finished = _finished(ref, inputs, app.store)
    quality = finished or _checked(ref, assembly, inputs, consents, app)
    if not consents.face:
        quality = without_faces(quality)
    if quality != finished:
        app.store.put(ref.quality, quality.canonical())
    record(ref, quality, consents, app)


def _finished(ref: AttemptRef, inputs: dict[str, str], store: ObjectStore) -> Quality | None:
    """What an earlier run said about these very recordings."""
    try:
        quality = Quality.stored(store.get(ref.quality))
    except (NotFound, Invalid):  # Invalid: of another version of ours; it is made again
        return None
    return quality if quality.inputs == inputs else None


def _checked(
    ref: AttemptRef,
    assembly: Assembly,
    inputs: dict[str, str],
    consents: Consents,
    app: Function[Settings],
) -> Quality:
    with app.database.begin() as tx:
        template = tx.interviews.get(ref.interview).plan.template
    counter = face_counter() if consents.face else None
    question = template.question(ref.answer)
    findings = [
        finding
        for track in question.tracks
        for finding in _track(
            track, assembly.track(track), question, template.quality, counter, app
        )
    ]
    verdict, reasons = verdict_of(findings)
    app.logger.info("checked", answer=ref.answer, attempt=ref.attempt, verdict=verdict)
    return Quality(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        verdict=verdict,
        reasons=reasons,
        words=words(reasons),
        findings=findings,
        inputs=inputs,
        tool=_tool(),
    )


def _track(
    name: TrackName,
    assembled: AssembledTrack | None,
    question: Question,
    tiers: QualityTiers,
    counter: FaceCounter | None,
    app: Function[Settings],
) -> list[Finding]:
    """Every finding on one track that the question asks for."""
    if assembled is None:
        return [_unusable("track_missing", name, f"no {name} track was recorded")]
    if assembled.recording is None:
        return [_unusable("media_refused", name, assembled.reason or "unknown")]
    settings = app.settings.quality
    limits = settings.limits
    try:
        with workroom(settings.folder, needed_bytes=assembled.size) as folder:
            measured = measure(
                assembled,
                fetched(assembled, app.store, folder),
                question,
                tiers,
                Limits(limits.wall_s, limits.cpu_s, limits.memory_mb * MIB),
                counter,
            )
    except (MediaRefused, MediaLimit) as error:  # the same bytes will meet it again
        app.logger.warning("media_refused", track=name, code=error.code, detail=error.detail)
        return [_unusable("media_refused", name, error.code)]
    return [check(measured) for check in CHECKS[name]]


def _unusable(code: str, track: TrackName, reason: str) -> Finding:
    return Finding(code=code, track=track, level="re_record", value=None, unit="", reason=reason)


@cache
def _tool() -> str:
    """Who measured: this package and the ffmpeg in use, since another one may decode otherwise."""
    from greenroom_media.binary import find

    return f"greenroom {version('greenroom-core')}, {find().build}"
