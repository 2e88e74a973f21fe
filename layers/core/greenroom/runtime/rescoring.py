"""A stored interview scored again with other modules or another mapping; nothing that is stored changes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.domain import keys
from greenroom.domain.asked import Asked
from greenroom.domain.assembly import Assembly
from greenroom.domain.consent import Consents
from greenroom.domain.keys import AttemptRef
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.scoring import ScoredAnswer, score_interview
from greenroom.runtime.recordings import fetched
from greenroom.runtime.scored_answers import scored_answers
from greenroom.runtime.workroom import workroom

if TYPE_CHECKING:
    from greenroom.adapters.database import Database, InterviewRow
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.domain.mapping import Mapping
    from greenroom.runtime.analysis_modules import Modules


@dataclass(frozen=True)
class Rescored:
    """One interview's stored scorecard beside the one that it would get."""

    interview: InterviewRow
    stored: Scorecard
    replayed: Scorecard


@dataclass(frozen=True)
class Replay:
    """What to replay: `again` names the modules that look at the recordings anew; the others' observations stay.

    Without a `mapping` each interview is scored by its own.
    """

    database: Database
    store: ObjectStore
    modules: Modules
    again: Collection[str]
    mapping: Mapping | None
    folder: Path

    def rescored(self, interview_id: str) -> Rescored:
        """Raises `NotFound` (`no_such_object` for an interview without a scorecard), `Invalid`, `Unavailable`."""
        with self.database.begin() as tx:
            interview = tx.interviews.get(interview_id)
            rows = tx.interviews.answers(interview_id)
            consents = tx.interviews.consents(interview_id) or Consents(recording=False)
        stored = Scorecard.stored(self.store.get(keys.scorecard(interview_id)))
        answers = scored_answers(interview, rows, self.store)
        if self.again:
            answers = [self._again(answer, interview, consents) for answer in answers]
        mapping = self.mapping or interview.plan.mapping
        replayed = score_interview(interview_id, interview.plan.model, mapping, answers)
        return Rescored(interview, stored, replayed)

    def _again(
        self, answer: ScoredAnswer, interview: InterviewRow, consents: Consents
    ) -> ScoredAnswer:
        analysis = answer.analysis
        if analysis is None:
            return answer
        ref = AttemptRef(analysis.interview, analysis.answer, analysis.attempt)
        assembly = Assembly.stored(self.store.get(ref.assembly))
        asked, policy = Asked.in_plan(interview.plan, ref.answer), interview.plan.policy
        wanted = self.modules.tracks(self.again, consents)
        tracks = [track for track in assembly.tracks if track.track in wanted and track.recording]
        with workroom(self.folder, needed_bytes=sum(track.size for track in tracks)) as folder:
            recordings = {track.track: fetched(track, self.store, folder) for track in tracks}
            results = [
                self.modules.run(result.module, recordings, consents, policy, asked, last_try=True)
                if result.module in self.again
                else result
                for result in analysis.modules
            ]
        made = analysis.model_copy(update={"modules": results})
        digest = hashlib.sha256(made.canonical()).hexdigest()
        return replace(answer, analysis=made, analysis_sha256=digest)
