"""监控: who is on the page, what a change brings, and who may ask."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.interview import InterviewState
from greenroom.domain.monitoring import extended
from greenroom.domain.presence import HealthSample
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, invite, set_up

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(
    platform: None, clock: SettableClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_SESSIONS__IDLE_MINUTES", "600")
    set_up(app, clock)
    return FunctionClient(app, cookie=signed_in(database).cookie)


def heard(interview: str, **seen: Any) -> None:
    """As the health endpoint records it, now."""
    values = {"at": app.clock(), "phase": "recording", "fps": 30, "snr_db": 45, **seen}
    sample = HealthSample.model_validate(values)
    with app.changes() as tx:
        if tx.interviews.get(interview).state == InterviewState.CREATED:
            tx.interviews.move(interview, InterviewState.OPENED)
        tx.presence.record(
            interview, [sample], newest=sample, since=None, recent=extended((), [sample])
        )


def changes(client: FunctionClient, since: datetime) -> dict[str, Any]:
    query = since.isoformat().replace("+", "%2B")
    answer = client.get(f"/console/monitoring/changes?since={query}")
    assert answer.status == 200, answer.text
    return dict(answer.json())


def test_the_page_shows_who_runs_and_what_is_off(
    client: FunctionClient, database: Database, clock: SettableClock
) -> None:
    good, bad, over, old = invite(database, ["李明", NASTY, "王芳", "赵强"])
    heard(old)
    clock.advance(timedelta(hours=2))
    heard(good)
    heard(bad, fps=4)
    heard(over)
    with app.changes() as tx:
        tx.interviews.move(over, InterviewState.CANCELLED)
    page = client.get("/console/monitoring?lang=en").text
    assert NASTY not in page
    assert page.count("<tr id=") == 2
    assert "camera shows nothing" not in page
    assert page.count('class="badge warn">below the floor') == 2, (
        "in the list of what is off and in its row"
    )
    assert "<polyline" in page


def test_changes_bring_rows_and_who_has_gone(
    client: FunctionClient, database: Database, clock: SettableClock
) -> None:
    one, other = invite(database, ["李明", "王芳"])
    heard(one)
    heard(other)
    since = clock()
    clock.advance(timedelta(seconds=10))
    assert changes(client, since + timedelta(seconds=5))["rows"].strip() == ""
    heard(one, fps=12)
    found = changes(client, since + timedelta(seconds=5))
    assert re.findall(r'<tr id="(\w+)"', found["rows"]) == [one]
    assert "12 fps" in found["rows"]
    assert found["gone"] == []
    with app.changes() as tx:
        tx.interviews.move(one, InterviewState.CANCELLED)
    heard(one, phase="done")
    assert changes(client, since + timedelta(seconds=5))["gone"] == [one]


def test_who_is_away_is_told_though_nothing_was_heard(
    client: FunctionClient, database: Database, clock: SettableClock
) -> None:
    (one,) = invite(database, ["李明"])
    heard(one)
    clock.advance(timedelta(minutes=4))
    with app.changes() as tx:
        found = tx.presence.reporting(one)
        assert found is not None
        assert found.presence is not None
        assert tx.presence.mark_away(found.presence)
    assert 'data-alarm="away"' in changes(client, clock())["rows"]
    summary = client.get("/console/monitoring/summary?lang=en").text
    assert "The EHR was told" in summary


@pytest.mark.parametrize("since", ["", "yesterday", "2026-03-05T10:00:00"])
def test_a_moment_that_is_none_is_refused(client: FunctionClient, since: str) -> None:
    answer = client.get(f"/console/monitoring/changes?since={since}")
    assert (answer.status, answer.json()["code"]) == (422, "invalid_query")


def test_only_who_is_signed_in_may_ask(client: FunctionClient) -> None:
    stranger = FunctionClient(app)
    since = datetime.now(UTC).isoformat().replace("+", "%2B")
    assert stranger.get("/console/monitoring").status == 401
    assert stranger.get(f"/console/monitoring/changes?since={since}").status == 401
    assert stranger.get("/console/monitoring/summary").status == 401
