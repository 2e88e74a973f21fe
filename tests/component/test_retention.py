"""What is past its time by the policy goes by itself, is noted, and stays where the law says so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from functions.console.app import app as console
from functions.retention.app import app as retention
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.erasure import ErasureState
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.policy import Retention, shipped_policy
from greenroom.domain.retention import due_at, ended_at
from tests.console_visitors import signed_in
from tests.erasable import two_candidates
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, api_key, set_up

KEPT = shipped_policy("cn").retention
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def decided(
    platform: None, clock: SettableClock, database: Database, store: ObjectStore
) -> tuple[str, str]:
    """The first interview is decided today; the second waits for somebody to do so."""
    set_up(retention, clock)
    set_up(console, clock)
    interviews = two_candidates(database, store)
    with retention.database.begin() as tx:
        assert tx.interviews.move(interviews[0], InterviewState.DECIDED)
    return interviews


def tick() -> None:
    FunctionClient(retention).tick("disposals")


def below(store: ObjectStore, interview: str, *prefixes: str) -> list[str]:
    return [item.key for one in prefixes for item in store.held(f"{one}/{interview}/")]


def deleted(database: Database, interview: str) -> list[dict]:
    with database.begin() as tx:
        steps = tx.process_log.list(interview)
    return [one.event.data.details for one in steps if one.type == EventType.DATA_DELETED]


def test_recordings_go_first_then_reports_then_everything(
    decided: tuple[str, str], database: Database, store: ObjectStore, clock: SettableClock
) -> None:
    interview, _ = decided
    clock.advance(KEPT.recordings_days * DAY - timedelta(hours=1))
    tick()
    assert below(store, interview, "uploads", "recordings") != []
    clock.advance(timedelta(hours=1))
    for _ in range(2):
        tick()
    assert below(store, interview, "uploads", "recordings", "probes") == []
    assert below(store, interview, "reports") != []
    assert deleted(database, interview) == [
        {"kind": "recordings", "policy": shipped_policy("cn").whole_id}
    ]
    clock.advance((KEPT.reports_days - KEPT.recordings_days) * DAY)
    tick()
    assert below(store, interview, "reports") == []
    with database.begin() as tx:
        assert tx.interviews.scores(interview) == {}
        assert tx.interviews.get(interview).total_score is None
        assert tx.evaluations.get(interview, "reviewer") is None
    assert [one["kind"] for one in deleted(database, interview)] == ["recordings", "reports"]
    clock.advance((KEPT.personal_days - KEPT.reports_days) * DAY)
    tick()
    FunctionClient(retention).tick("sweep")
    with database.begin() as tx:
        (step,) = tx.process_log.list(interview)
        tx.process_log.mark_published([(interview, step.seq)])
    FunctionClient(retention).tick("sweep")
    with database.begin() as tx:
        (done,) = [one for one in tx.erasures.certified() if interview in one.ids]
    assert (done.state, done.reason, done.asked_by) == (
        ErasureState.CERTIFIED,
        "retention",
        "command:retention",
    )
    assert [path for folder in keys.folders(interview) for path in store.held(folder)] == []


def test_nobody_s_decision_is_no_reason_to_keep(
    decided: tuple[str, str], store: ObjectStore, clock: SettableClock
) -> None:
    first, undecided = decided
    clock.advance(KEPT.recordings_days * DAY + timedelta(hours=1))
    tick()
    assert below(store, first, "recordings") == []
    assert below(store, undecided, "recordings") != [], "its deadline was three days later"
    clock.advance(3 * DAY)
    tick()
    assert below(store, undecided, "recordings") == []


def test_who_gets_more_time_keeps_what_was_recorded(
    decided: tuple[str, str], store: ObjectStore, clock: SettableClock
) -> None:
    _, undecided = decided
    clock.advance(4 * DAY)
    tick()  # planned from the deadline as it was
    with retention.database.begin() as tx:
        assert tx.interviews.extend(undecided, clock() + 30 * DAY)
    clock.advance(KEPT.recordings_days * DAY)
    tick()
    assert below(store, undecided, "recordings") != []
    clock.advance(31 * DAY)
    tick()
    assert below(store, undecided, "recordings") == []


def test_under_legal_hold_nothing_goes(
    decided: tuple[str, str], database: Database, store: ObjectStore, clock: SettableClock
) -> None:
    interview, _ = decided
    with database.begin() as tx:
        tx.legal_holds.place(interview, "Case 12/2026", "user:u1")
    clock.advance(5 * 365 * DAY)
    tick()
    assert below(store, interview, "recordings", "reports") != []
    with database.begin() as tx:
        tx.legal_holds.lift(interview)
    tick()
    assert below(store, interview, "recordings", "reports") == []


def test_hr_sees_when(decided: tuple[str, str], database: Database, clock: SettableClock) -> None:
    interview, undecided = decided
    headers = {"authorization": f"Bearer {api_key(database, 'interviews:read')}"}

    def shown(which: str) -> dict:
        return FunctionClient(console).get(f"/v1/interviews/{which}", **headers).json()

    asked = shown(interview)
    assert asked["legal_hold"] is None
    when = datetime.fromisoformat(asked["retention"]["recordings"])
    assert when == clock() + KEPT.recordings_days * DAY
    assert set(shown(undecided)["retention"].values()) == {None}
    clock.advance(KEPT.recordings_days * DAY + timedelta(minutes=30))
    tick()
    assert shown(interview)["retention"]["recordings"] == clock().isoformat()


def test_hr_reads_it_on_the_page(decided: tuple[str, str], database: Database) -> None:
    interview, undecided = decided
    visitor = signed_in(database)

    def page(which: str) -> str:
        path = f"/console/interviews/{which}?lang=en"
        return FunctionClient(console).get(path, cookie=visitor.cookie).text

    with retention.database.begin() as tx:
        when = tx.disposals.dates(interview)["recordings"]
    assert when is not None
    assert f'<time datetime="{when.isoformat()}">' in page(interview)
    assert page(undecided).count("Counted from the end of the procedure") == 3
    with database.begin() as tx:
        tx.legal_holds.place(interview, "Case <12>/2026", "user:u1")
    held = page(interview)
    assert "Case &lt;12&gt;/2026" in held
    assert when.isoformat() not in held, "nothing goes on that day"


def test_the_end_of_a_procedure() -> None:
    at = datetime.fromisoformat("2026-06-01T00:00:00+00:00")
    assert ended_at(InterviewState.DECIDED, at, at + 9 * DAY) == at
    assert ended_at(InterviewState.SCORED, at, at + 9 * DAY) == at + 9 * DAY
    assert ended_at(InterviewState.SCORED, at, at - DAY) == at
    kept = Retention(recordings_days=1, reports_days=2, personal_days=3)
    assert due_at(kept, at) == {
        "recordings": at + DAY,
        "reports": at + 2 * DAY,
        "personal": at + 3 * DAY,
    }
