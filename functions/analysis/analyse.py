"""Turns a checked answer into analysis.json, and scores its interview when that was the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.analysis.permitted import permitted
from functions.analysis.score import score_if_complete
from greenroom.domain.analysis import Analysis
from greenroom.domain.asked import Asked
from greenroom.domain.assembly import Assembly
from greenroom.domain.consent import NO_CONSENTS, Consents
from greenroom.domain.errors import Invalid, NotFound, Unavailable
from greenroom.domain.events import EventType
from greenroom.domain.interview import AnswerState
from greenroom.domain.keys import AttemptRef, invalid_key
from greenroom.domain.plan import Plan
from greenroom.domain.quality import Quality
from greenroom.runtime.analysis_modules import Modules, installed
from greenroom.runtime.recordings import fetched
from greenroom.runtime.workroom import workroom

if TYPE_CHECKING:
    from functions.analysis.settings import Settings
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.function import Function

_NOT_YET_CHECKED = frozenset({AnswerState.SEALED, AnswerState.ASSEMBLED})


def analyse_checked(key: str, app: Function[Settings]) -> None:
    """Analyse the attempt whose quality report was written to `key`. Raises what `analyse` raises, `Invalid`."""
    ref = AttemptRef.of(key)
    if key != ref.quality:
        raise invalid_key(key)
    analyse(ref, app)


def analyse(
    ref: AttemptRef,
    app: Function[Settings],
    *,
    modules: Modules | None = None,
    last_try: bool = False,
) -> None:
    """Analyse one attempt, unless it must be recorded again; then score the interview if it is complete.

    With `last_try` a module's passing fault is recorded as its failure instead of raised.

    Raises `NotFound` (`no_such_object`, `unknown_interview`, `unknown_answer`), `Invalid` (`invalid_document`),
    `Unavailable` (store, database, `disk_full`, `recording_differs`, `not_checked_yet`, `consents_changed`,
    `withdrawal_pending`), and what a module raises that another try may mend.
    """
    quality = Quality.stored(app.store.get(ref.quality))
    modules = modules or installed()
    with app.database.begin() as tx:
        plan = tx.interviews.get(ref.interview).plan
        consents = tx.interviews.consents(ref.interview) or NO_CONSENTS
    analysis = None
    if quality.verdict != "re_record":
        inputs = {name: digest for name, digest in quality.inputs.items() if name != "assembly"}
        finished = _finished(ref, inputs, app.store)
        analysis = (
            permitted(finished, consents, modules)
            if finished is not None
            else _analysed(ref, inputs, app, modules, plan, consents, last_try=last_try)
        )
        if analysis != finished:
            app.store.put(ref.analysis, analysis.canonical())
    _record(ref, analysis, consents, app)
    score_if_complete(ref.interview, app)


def _finished(ref: AttemptRef, inputs: dict[str, str], store: ObjectStore) -> Analysis | None:
    """What an earlier run found in these very recordings."""
    try:
        analysis = Analysis.stored(store.get(ref.analysis))
    except (NotFound, Invalid):  # Invalid: of another version of ours; it is made again
        return None
    return analysis if analysis.inputs == inputs else None


def _analysed(
    ref: AttemptRef,
    inputs: dict[str, str],
    app: Function[Settings],
    modules: Modules,
    plan: Plan,
    consents: Consents,
    *,
    last_try: bool,
) -> Analysis:
    from greenroom_media.binary import find

    assembly = Assembly.stored(app.store.get(ref.assembly))
    wishes, policy, asked = plan.template.modules, plan.policy, Asked.in_plan(plan, ref.answer)
    wanted = modules.tracks(wishes, consents)
    tracks = [track for track in assembly.tracks if track.track in wanted and track.recording]
    needed_bytes = sum(track.size for track in tracks)
    with workroom(app.settings.analysis.folder, needed_bytes=needed_bytes) as folder:
        recordings = {track.track: fetched(track, app.store, folder) for track in tracks}
        results = [
            modules.run(name, recordings, consents, policy, asked, pinned=pinned, last_try=last_try)
            for name, pinned in wishes.items()
        ]
    return Analysis(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        inputs=inputs,
        tool=find().build,
        policy=policy.whole_id,
        modules=results,
    )


def _record(
    ref: AttemptRef, analysis: Analysis | None, consents: Consents, app: Function[Settings]
) -> None:
    """Move the answer from `checked`; nothing changes where it is further, or a newer take is in focus.

    Raises `Unavailable`: `not_checked_yet` when quality.json was seen before the state that belongs to it,
    `consents_changed` when something was found under a consent that was taken back meanwhile.
    """
    with app.changes() as tx:
        tx.interviews.hold(ref.interview)
        if (tx.interviews.consents(ref.interview) or NO_CONSENTS) != consents:
            raise Unavailable(
                f"the consents to {ref.interview} changed while it was analysed",
                code="consents_changed",
            )
        answer = tx.interviews.answer(ref.interview, ref.answer)
        if answer.attempt < ref.attempt or (
            answer.attempt == ref.attempt and answer.state in _NOT_YET_CHECKED
        ):
            raise Unavailable(
                f"{ref.quality} is there before its answer's state", code="not_checked_yet"
            )
        if analysis is not None and tx.interviews.move_answer(ref, AnswerState.ANALYSED):
            details = {
                "answer": ref.answer,
                "attempt": ref.attempt,
                "modules": {result.module: result.status for result in analysis.modules},
            }
            tx.process_log.append(ref.interview, EventType.ANSWER_ANALYSED, details)
            tx.module_runs.note(analysis.modules)
