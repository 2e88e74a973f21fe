"""Live health: what is kept, who is away and why they are back, and a camera that shows nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.console.app import app as console
from functions.portal.app import app
from greenroom.adapters.database import Database, PresenceRow
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.errors import Unavailable
from greenroom.domain.interview import InterviewState
from greenroom.domain.presence import MAX_REPORTED, MAX_SAMPLES, HealthSample
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, candidate_token, invite, set_up

EVERY = timedelta(seconds=5)
TOLD = ("candidate.away", "candidate.back", "camera.trouble")


class Page:
    """A candidate's page, as the platform hears of it."""

    def __init__(self, interview: str, database: Database, clock: SettableClock) -> None:
        self.interview, self.database, self.clock = interview, database, clock
        self._client = FunctionClient(
            app, authorization=f"Bearer {candidate_token(interview, days=3)}"
        )

    def sample(self, at: datetime | None = None, **seen: Any) -> dict[str, Any]:
        when = (at or self.clock()).isoformat()
        return {"at": when, "phase": "recording", "camera": "ok", **seen}

    def report(self, *samples: dict[str, Any]) -> Answer:
        answer = self._client.post("/v1/candidate/health", {"samples": samples})
        assert answer.status == 200, answer.text
        return answer

    def says(self, **seen: Any) -> Answer:
        return self.report(self.sample(**seen))

    def goes_on(self, seconds: float, **seen: Any) -> list[dict[str, Any]]:
        """Time passes on the page; the samples that it kept."""
        until, kept = self.clock() + timedelta(seconds=seconds), []
        while self.clock() + EVERY <= until:
            self.clock.advance(EVERY)
            kept.append(self.sample(**seen))
        return kept

    def move(self, to: InterviewState) -> None:
        with self.database.begin() as tx:
            assert tx.interviews.move(self.interview, to)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.begin() as tx:
            events = [row.event for row in tx.process_log.list(self.interview)]
        return [(event.type, event.data.details) for event in events if event.type in TOLD]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told()]

    def stands(self) -> PresenceRow | None:
        with self.database.begin() as tx:
            found = tx.presence.reporting(self.interview)
        assert found is not None
        return found.presence

    def kept(self) -> list[HealthSample]:
        with self.database.begin() as tx:
            return tx.presence.samples(self.interview)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(app, clock)
    return FunctionClient(app)


@pytest.fixture
def page(client: FunctionClient, database: Database, clock: SettableClock) -> Page:
    """The page of an interview that was begun."""
    return begun(invite(database)[0], database, clock)


def begun(interview: str, database: Database, clock: SettableClock) -> Page:
    page = Page(interview, database, clock)
    for state in (InterviewState.OPENED, InterviewState.IN_PROGRESS):
        page.move(state)
    return page


def pass_by(client: FunctionClient, clock: SettableClock, **time: float) -> None:
    """The schedule ticks every minute meanwhile."""
    until = clock() + timedelta(**time)
    while clock() < until:
        clock.advance(min(timedelta(minutes=1), until - clock()))
        client.tick("absences")


def test_the_reply_says_what_the_page_must_know(page: Page) -> None:
    told = page.says().json()
    assert told["server_time"] == page.clock().isoformat()
    assert (told["state"], told["time_factor"]) == ("in_progress", 1)
    assert datetime.fromisoformat(told["deadline"]) > page.clock()


def test_it_reports_more_often_while_the_monitoring_page_is_open(
    page: Page, database: Database, clock: SettableClock
) -> None:
    set_up(console, clock)
    visitor = FunctionClient(console, cookie=signed_in(database).cookie)
    assert page.says().json()["report_every_s"] == 15
    assert visitor.get("/console/monitoring").status == 200
    assert page.says().json()["report_every_s"] == 5
    for _ in range(20):
        clock.advance(EVERY)
        asked = {"since": clock().isoformat()}
        assert visitor.get(f"/console/monitoring/changes?{urlencode(asked)}").status == 200
        assert page.says().json()["report_every_s"] == 5
    clock.advance(timedelta(minutes=1))
    assert page.says().json()["report_every_s"] == 15


def test_a_link_is_held_against_its_interview(page: Page) -> None:
    older = FunctionClient(
        app, authorization=f"Bearer {candidate_token(page.interview, version=0)}"
    )
    of_nobody = FunctionClient(app, authorization=f"Bearer {candidate_token('itv_gone')}")
    for kept in (0, 1):
        sample = {"samples": [page.sample()]}
        refused = [one.post("/v1/candidate/health", sample) for one in (older, of_nobody)]
        assert [(one.status, one.json()["code"]) for one in refused] == [
            (401, "token_revoked"),
            (401, "token_invalid"),
        ]
        assert len(page.kept()) == kept
        page.says()  # another statement reads a page that was heard of


def test_who_is_silent_is_missed_from_when_the_next_report_was_due(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.says()
    clock.advance(timedelta(minutes=3, seconds=14))
    client.tick("absences")
    assert page.told() == []
    clock.advance(timedelta(seconds=2))
    client.tick("absences")
    assert page.kinds() == ["candidate.away"]


def test_a_report_repeated_is_kept_once(page: Page) -> None:
    kept = page.goes_on(30)
    for _ in range(3):
        page.report(*kept)
    page.report(*kept[2:4], *kept)
    assert [sample.at.isoformat() for sample in page.kept()] == [one["at"] for one in kept]
    assert page.told() == []


@pytest.mark.parametrize("phase", ["thinking", "recording", "finishing"])
def test_three_minutes_of_silence_in_the_middle_are_told_once(
    page: Page, client: FunctionClient, clock: SettableClock, phase: str
) -> None:
    page.says(phase=phase, answer="sheet")
    since = clock()
    pass_by(client, clock, minutes=3)
    assert page.told() == []
    pass_by(client, clock, minutes=10)
    assert page.told() == [
        (
            "candidate.away",
            {"since": since.isoformat(), "phase": phase, "answer": "sheet"},
        )
    ]


@pytest.mark.parametrize("phase", ["preparing", "waiting", "done"])
def test_who_is_in_the_middle_of_nothing_may_go(
    page: Page, client: FunctionClient, clock: SettableClock, phase: str
) -> None:
    page.says(phase="recording")
    page.says(phase=phase)
    clock.advance(EVERY)
    page.says(phase=phase)
    pass_by(client, clock, minutes=10)
    assert page.told() == []


def test_who_handed_in_meanwhile_is_not_missed_and_not_welcomed_back(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.says(phase="finishing")
    page.move(InterviewState.SUBMITTED)
    pass_by(client, clock, minutes=10)
    page.says(phase="done")
    assert page.told() == []


def test_samples_kept_meanwhile_say_that_only_the_network_was_gone(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.says()
    kept = page.goes_on(600, online=False)
    client.tick("absences")
    page.report(*kept)
    assert page.kinds() == ["candidate.away", "candidate.back"]
    assert page.told()[1][1] == {"away_s": 600, "cause": "network"}
    pass_by(client, clock, minutes=1)
    page.says()
    assert len(page.told()) == 2
    assert len(page.kept()) == 1 + 120 + 1


def test_hours_without_network_come_in_full_reports(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.says()
    kept = page.goes_on(3600)
    client.tick("absences")
    for start in range(0, len(kept), MAX_REPORTED):
        page.report(*kept[start : start + MAX_REPORTED])
    assert page.kinds() == ["candidate.away", "candidate.back"]
    assert page.told()[1][1] == {"away_s": 3600, "cause": "network"}
    assert len(page.kept()) == 721


def test_who_closed_the_page_had_left_whatever_was_still_to_be_sent(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.says()
    unsent = page.goes_on(20)
    pass_by(client, clock, minutes=8)
    page.report(*unsent, page.sample())
    assert page.told()[1] == ("candidate.back", {"away_s": 500, "cause": "left"})


def test_each_absence_is_told(page: Page, client: FunctionClient, clock: SettableClock) -> None:
    for _ in range(2):
        page.says()
        pass_by(client, clock, minutes=5)
    page.says()
    assert page.kinds() == ["candidate.away", "candidate.back"] * 2


def test_a_late_report_is_history(page: Page, client: FunctionClient, clock: SettableClock) -> None:
    early = page.goes_on(20, phase="recording", camera="black")
    clock.advance(timedelta(seconds=30))
    page.says(phase="done")
    page.report(*early)
    stands = page.stands()
    assert stands is not None
    assert (stands.phase, stands.trouble_since) == ("done", None)
    assert len(page.kept()) == 5
    pass_by(client, clock, minutes=10)
    assert page.told() == []


def test_a_clock_that_was_ahead_does_not_freeze_the_picture(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.report(page.sample(clock() + timedelta(days=400), phase="preparing"))
    clock.advance(EVERY)
    page.says(phase="recording")
    pass_by(client, clock, minutes=5)
    assert page.kinds() == ["candidate.away"]


@pytest.mark.parametrize("camera", ["black", "frozen", "covered", "muted"])
def test_a_camera_that_shows_nothing_is_told_once_per_episode(page: Page, camera: str) -> None:
    for sample in page.goes_on(60, camera=camera, answer="sheet"):
        page.report(sample)
        page.report(sample)
    assert [(kind, details["camera"]) for kind, details in page.told()] == [
        ("camera.trouble", camera)
    ]
    assert page.told()[0][1]["answer"] == "sheet"
    for sample in [*page.goes_on(5), *page.goes_on(60, camera=camera)]:
        page.report(sample)
    assert page.kinds() == ["camera.trouble"] * 2


def test_an_episode_in_one_report_that_comes_twice_is_one(page: Page) -> None:
    kept = [*page.goes_on(20), *page.goes_on(20, camera="black"), *page.goes_on(20)]
    for _ in range(3):
        page.report(*kept)
    assert page.kinds() == ["camera.trouble"]


def test_many_absences_at_once_are_all_told(
    client: FunctionClient, database: Database, clock: SettableClock
) -> None:
    names = [f"候选人{number}" for number in range(230)]
    pages = [begun(interview, database, clock) for interview in invite(database, names)]
    with database.begin() as tx:
        sample = HealthSample(at=clock(), phase="recording")
        for page in pages:
            tx.presence.record(page.interview, [sample], newest=sample, since=None)
    clock.advance(timedelta(minutes=4))
    client.tick("absences")
    client.tick("absences")
    assert all(page.kinds() == ["candidate.away"] for page in pages)


def test_killed_while_telling_an_absence_it_is_told_once(
    page: Page, client: FunctionClient, clock: SettableClock, store: ObjectStore
) -> None:
    class Dying:
        def put(self, *_: object) -> None:
            raise Unavailable("the store went away")

    page.says()
    clock.advance(timedelta(minutes=4))
    vars(app)["store"] = Dying()
    with pytest.raises(Unavailable):
        client.tick("absences")
    vars(app)["store"] = store
    client.tick("absences")
    assert page.kinds() == ["candidate.away"]
    with page.database.begin() as tx:
        assert [row.published_at for row in tx.process_log.list(page.interview)] == [None]


def test_nobody_fills_the_database(page: Page) -> None:
    with page.database.begin() as tx:
        many = [
            HealthSample(at=page.clock() - timedelta(seconds=number), phase="recording")
            for number in range(1, MAX_SAMPLES)
        ]
        tx.presence.record(page.interview, many, newest=many[0], since=None)
    page.report(*page.goes_on(50))
    page.report(*page.goes_on(5, phase="waiting"))
    with page.database.begin() as tx:
        assert len(tx.presence.samples(page.interview, 2 * MAX_SAMPLES)) == MAX_SAMPLES
    stands = page.stands()
    assert stands is not None
    assert stands.phase == "waiting", "where it stands is known nevertheless"


def test_samples_are_deleted_in_time_and_not_before(
    page: Page, client: FunctionClient, clock: SettableClock
) -> None:
    page.report(*page.goes_on(30))
    clock.advance(timedelta(days=29))
    client.tick("retention")
    assert len(page.kept()) == 6
    clock.advance(timedelta(days=2))
    for _ in range(2):
        client.tick("retention")
    assert page.kept() == []
    assert page.stands() is None


NUMBER = count()


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=8), min_size=1, max_size=6),
)
def test_reports_in_any_order_and_number_come_to_the_same(
    client: FunctionClient, database: Database, clock: SettableClock, reports: list[list[int]]
) -> None:
    (interview,) = invite(database, [f"候选人{next(NUMBER)}"])
    page = begun(interview, database, clock)
    start = clock() - timedelta(minutes=10)
    every = [
        page.sample(start + number * EVERY, phase="thinking" if number % 2 else "recording")
        for number in range(61)
    ]
    for report in [*reports, *reports[:2]]:
        page.report(*(every[number] for number in report))
    seen = sorted({number for report in reports for number in report})
    assert [sample.at for sample in page.kept()] == [start + number * EVERY for number in seen]
    stands = page.stands()
    assert stands is not None
    assert stands.phase == every[seen[-1]]["phase"]
    assert stands.heard_at == clock()
