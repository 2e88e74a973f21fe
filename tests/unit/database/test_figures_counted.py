"""What a batch's figures are counted from: the process log, the mails' times and the attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenroom.adapters.database import Database
from greenroom.adapters.database.tables import FUNNEL
from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.errors import NotFound
from greenroom.domain.events import EventType
from greenroom.domain.figures import LOGGED, BatchCounts, FunnelStep, Recordings
from greenroom.domain.keys import AttemptRef
from tests.unit.database.conftest import Invite, Turnable

_E = EventType


def batch_of(database: Database, interview: str) -> str:
    with database.begin() as tx:
        return tx.interviews.get(interview).batch_id


def counts_of(database: Database, interview: str) -> BatchCounts:
    batch = batch_of(database, interview)
    with database.begin() as tx:
        return tx.figures.of(batch)


def log(database: Database, interview: str, *kinds: EventType) -> None:
    with database.begin() as tx:
        for kind in kinds:
            tx.process_log.append(interview, kind)


def test_the_index_holds_the_steps_of_the_funnel() -> None:
    named = ", ".join(f"'{kind}'" for kind in LOGGED.values())
    assert f"type IN ({named})" == FUNNEL


def test_the_counts_of_an_unknown_batch_are_refused(database: Database) -> None:
    with database.begin() as tx, pytest.raises(NotFound) as raised:
        tx.figures.of("bat_none")
    assert raised.value.code == "unknown_batch"


def test_each_interview_stands_at_its_furthest_step(
    database: Database, clock: Turnable, invite: Invite
) -> None:
    silent, mailed, visitor, in_time, late = invite(5)
    log(database, mailed, _E.INTERVIEW_INVITED, _E.MAIL_OPENED, _E.MAIL_OPENED)
    log(database, visitor, _E.INTERVIEW_INVITED, _E.INTERVIEW_OPENED, _E.CANDIDATE_STEP)
    for interview in (in_time, late):
        log(database, interview, _E.INTERVIEW_INVITED, _E.INTERVIEW_STARTED)
    log(database, in_time, _E.INTERVIEW_SUBMITTED)
    clock.turn(days=10)
    log(database, in_time, _E.INTERVIEW_SUBMITTED)  # again, after a re-record
    log(database, late, _E.INTERVIEW_SUBMITTED)
    counts = counts_of(database, silent)
    assert {row.furthest: row.interviews for row in counts.standings} == {
        FunnelStep.INVITED: 1,
        FunnelStep.MAIL_OPENED: 1,
        FunnelStep.LINK_OPENED: 1,
        FunnelStep.SUBMITTED: 1,
        FunnelStep.ON_TIME: 1,
    }
    seen = {step: sum(row.seen[step] for row in counts.standings) for step in FunnelStep}
    assert seen == {
        FunnelStep.INVITED: 5,
        FunnelStep.MAIL_SENT: 4,
        FunnelStep.MAIL_OPENED: 1,
        FunnelStep.MAIL_CLICKED: 0,
        FunnelStep.LINK_OPENED: 1,
        FunnelStep.CHECKS_PASSED: 0,
        FunnelStep.STARTED: 2,
        FunnelStep.SUBMITTED: 2,
        FunnelStep.ON_TIME: 1,
    }


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 40])
def test_times_of_mails_are_nearest_ranks(
    database: Database, clock: Turnable, invite: Invite, count: int
) -> None:
    """Against the definition, on the sorted list: the ceil(p·n)-th of n."""
    interviews = invite(count)
    began = clock.now
    for interview in interviews:
        clock.turn(minutes=1)
        log(database, interview, _E.INTERVIEW_INVITED)
    counts = counts_of(database, interviews[0])
    minutes = range(1, count + 1)
    median, p95 = (minutes[-(-count * percent // 100) - 1] for percent in (50, 95))
    assert counts.accepted_at == began
    assert counts.median_sent_at == began + timedelta(minutes=median)
    assert counts.p95_sent_at == began + timedelta(minutes=p95)


def test_recordings_are_told_by_the_attempt_in_focus(database: Database, invite: Invite) -> None:
    interviews = invite(3)
    gap = Gap(cause="part_missing", segment=0, start_ms=0, end_ms=2000)

    def seal(interview: str, answer: str) -> AttemptRef:
        attempt = tx.interviews.start_attempt(interview, answer).attempt
        ref = AttemptRef(interview, answer, attempt)
        tx.interviews.seal_attempt(ref, "0" * 64)
        return ref

    def assembled(ref: AttemptRef, *tracks: AssembledTrack) -> None:
        tx.interviews.note_assembly(
            ref,
            Assembly(
                interview=ref.interview,
                answer=ref.answer,
                attempt=ref.attempt,
                manifest_sha256="0" * 64,
                tool="t",
                tracks=list(tracks),
            ),
        )

    camera = AssembledTrack(track="camera", status="complete")
    with database.begin() as tx:
        assembled(seal(interviews[0], "q1"), AssembledTrack(track="camera", status="refused"))
        assembled(seal(interviews[0], "q1"), camera)  # the second take counts
        cut = AssembledTrack(track="screen", status="gaps", gaps=[gap])
        assembled(seal(interviews[0], "q2"), camera, cut)
        assembled(seal(interviews[1], "q1"), AssembledTrack(track="camera", status="refused"))
        seal(interviews[1], "q2")
        tx.interviews.start_attempt(interviews[2], "q1")
        counts = tx.figures.of(tx.interviews.get(interviews[0]).batch_id)
    assert counts.recordings == Recordings(
        complete=1, gaps=1, refused=1, waiting=1, unfinished=1, lost_ms=2000
    )


def test_batches_run_while_a_deadline_is_ahead(
    database: Database, clock: Turnable, invite: Invite
) -> None:
    older = invite()[0]
    clock.turn(days=5)
    newer = invite(2)[0]
    batches = [batch_of(database, one) for one in (older, newer)]
    with database.begin() as tx:
        assert [counts.batch for counts in tx.figures.running()] == batches
        assert tx.figures.running()[1] == tx.figures.of(batches[1])
    clock.turn(days=5)
    with database.begin() as tx:
        assert [counts.batch for counts in tx.figures.running()] == batches[1:]
