"""The season's accounts: every recorded answer is whole, or its loss is reported by name, or it is a fault.

They ask the product's own records, the database and the store, and believe only what the candidates' journal says of
what was recorded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.crowd.clip import Clip
from benchmarks.crowd.house import House, Invitation
from benchmarks.crowd.journal import Journal, Recorded
from greenroom.adapters.database import Database, InterviewRow
from greenroom.domain.assembly import Assembly
from greenroom.domain.errors import NotFound
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Quality

AT_ONCE = 200
FINISHED = frozenset({InterviewState.SCORED, InterviewState.HUMAN_REVIEW, InterviewState.RE_RECORD})
"""Assembled, checked, and analysed as far as consent goes; or asked for again, as the quality check may."""


@dataclass
class Accounts:
    """Candidates' numbers; who is in no list of a fault is accounted for."""

    size: int
    complete: list[int] = field(default_factory=list)
    reported: list[int] = field(default_factory=list)
    unfinished: list[int] = field(default_factory=list)
    unaccounted: dict[int, str] = field(default_factory=dict)
    invited_twice: list[int] = field(default_factory=list)
    letters_again: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def success(self) -> float:
        """The share of candidates whose recording is whole and has been checked."""
        return len(self.complete) / self.size

    @property
    def settled(self) -> bool:
        """Whether the house has nothing left to do."""
        return not self.unfinished


def accounts(
    house: House, batch: str, journal: Journal, invitations: dict[int, Invitation], clip: Clip
) -> Accounts:
    """Where everybody stands now."""
    found = Accounts(len(invitations))
    database = Database(house.deployment.environment["GREENROOM_DATABASE__URL"])
    try:
        rows = _interviews(database, batch)
    finally:
        database.close()
    for number, invitation in invitations.items():
        found.letters_again += len(invitation.letters) - invitation.times
        if invitation.times != 1 or len(rows.get(number, [])) != 1:
            found.invited_twice.append(number)
            continue
        row = rows[number][0]
        found.states[row.state] += 1
        if number in journal.submitted and row.state not in FINISHED:
            found.unfinished.append(number)
            continue
        recorded = journal.recorded.get(number, [])
        fault = _fault(house, row, recorded, clip) if recorded else "never recorded"
        if fault is not None:
            found.unaccounted[number] = fault
        elif recorded[-1].lost:
            found.reported.append(number)
        else:
            found.complete.append(number)
    return found


def _interviews(database: Database, batch: str) -> dict[int, list[InterviewRow]]:
    found: dict[int, list[InterviewRow]] = {}
    after: str | None = None
    while True:
        with database.reading() as tx:
            rows = tx.interviews.find(batch=batch, limit=AT_ONCE, after=after)
        for row in rows:
            number = int(row.candidate_external_id.rpartition("-")[2])
            found.setdefault(number, []).append(row)
        if len(rows) < AT_ONCE:
            return found
        after = rows[-1].id


def _fault(house: House, row: InterviewRow, recorded: list[Recorded], clip: Clip) -> str | None:
    """What is wrong with the last attempt's recording; None where it is whole or says what it lacks."""
    last = recorded[-1]
    ref = AttemptRef(row.id, last.answer, last.attempt)
    store = house.objects
    try:
        assembly = Assembly.parse(store.get(ref.assembly))
        report = Quality.parse(store.get(ref.quality))
    except NotFound as missing:
        return missing.detail
    track = assembly.track("camera")
    if track is None or track.recording is None:
        return f"no recording: {track.reason if track else 'no track'}"
    if track.sha256 is None or report.interview != row.id:
        return "the quality report is of another recording"
    named = {part for gap in track.gaps for part in gap.parts}
    missed_ms = sum(clip.pieces[part].end_ms - clip.pieces[part].start_ms for part in last.lost)
    if named != set(last.lost) and not _covers(assembly, last, clip):
        return f"lost parts {last.lost}, reported {sorted(named)}"
    if not last.lost and (track.status != "complete" or assembly.lost_ms):
        return f"nothing was lost, but {track.status} with {assembly.lost_ms} ms"
    if assembly.lost_ms < missed_ms:
        return f"{missed_ms} ms were lost, {assembly.lost_ms} ms reported"
    return None


def _covers(assembly: Assembly, last: Recorded, clip: Clip) -> bool:
    """Whether the gaps' times hold every lost part's."""
    track = assembly.track("camera")
    assert track is not None
    return all(
        any(
            gap.start_ms <= clip.pieces[part].start_ms and gap.end_ms >= clip.pieces[part].end_ms
            for gap in track.gaps
            if not gap.interrupts
        )
        for part in last.lost
    )
