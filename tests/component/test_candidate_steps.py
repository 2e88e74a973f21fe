"""Steps of the guided start in the process log: at once, each once, in order, and nothing else."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest

from functions.console.app import app as console
from functions.portal.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.errors import Unavailable
from greenroom.domain.events import EventType
from greenroom.domain.presence import MAX_STEPS, StepName
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, candidate_token, invite, set_up

NAMES = ["demonstration_seen", "environment_checked", "camera_ready", "sound_heard"]


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def interview(database: Database, client: FunctionClient) -> str:
    return invite(database)[0]


def step(identity: str, name: str = "camera_ready", **details: Any) -> dict[str, Any]:
    return {"id": identity, "step": name, "at": "2026-11-23T08:00:00Z", "details": details}


def report(client: FunctionClient, interview: str, *steps: dict[str, Any]) -> Answer:
    bearer = f"Bearer {candidate_token(interview)}"
    return client.post("/v1/candidate/steps", {"steps": steps}, authorization=bearer)


def logged(database: Database, interview: str) -> list[dict[str, Any]]:
    with database.begin() as tx:
        rows = tx.process_log.list(interview)
    return [row.event.data.details for row in rows if row.type == EventType.CANDIDATE_STEP]


def test_steps_are_in_the_log_and_on_their_way_in_the_order_they_were_told(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    told = [step(f"s{number}", name) for number, name in enumerate(NAMES)]
    answer = report(client, interview, *told)
    assert (answer.status, answer.json()) == (200, {"accepted": 4})
    assert [details["step"] for details in logged(database, interview)] == NAMES
    published = [item.key for item in store.listing(f"events/{interview}/")]
    assert published == [f"events/{interview}/{number:06d}.json" for number in range(1, 5)]


def test_a_step_told_again_in_any_report_is_one_step(
    client: FunctionClient, interview: str, database: Database
) -> None:
    told = [step(f"s{number}", name) for number, name in enumerate(NAMES)]
    told += told
    shuffled = random.Random(3)
    for _ in range(5):
        shuffled.shuffle(told)
        assert report(client, interview, *told).status == 200
    assert sorted(details["step"] for details in logged(database, interview)) == sorted(NAMES)
    assert report(client, interview, *told).json() == {"accepted": 0}


def test_the_checks_are_passed_once_and_only_with_a_verdict_that_lets_on(
    client: FunctionClient, interview: str, database: Database
) -> None:
    def passed() -> int:
        with database.begin() as tx:
            return tx.process_log.count(interview, EventType.CHECKS_PASSED)

    report(client, interview, step("s1", "environment_checked", verdict="block"))
    report(client, interview, step("s2", "camera_ready", verdict="good"))
    assert passed() == 0
    again = [step(f"s{n}", "environment_checked", verdict="advise") for n in (3, 4, 3)]
    report(client, interview, *again)
    report(client, interview, *again)
    assert passed() == 1


def test_the_same_id_is_another_candidate_s_own_step(
    client: FunctionClient, database: Database
) -> None:
    for interview in invite(database, ["李明", "王芳"]):
        assert report(client, interview, step("s1")).json() == {"accepted": 1}
        assert len(logged(database, interview)) == 1


def test_details_cannot_pass_for_what_the_server_says(
    client: FunctionClient, interview: str, database: Database
) -> None:
    hostile = step("s1", step="rules_accepted", at="yesterday", note="<b>\u0000</b>", fps=24.5)
    assert report(client, interview, hostile).status == 200
    assert logged(database, interview) == [
        {
            "step": "camera_ready",
            "at": "2026-11-23T08:00:00+00:00",
            "note": "<b>\u0000</b>",
            "fps": 24.5,
        }
    ]


def test_one_bad_step_refuses_the_report_and_keeps_none_of_it(
    client: FunctionClient, interview: str, database: Database
) -> None:
    refused = report(client, interview, step("s1"), step("s2", "scored"))
    assert (refused.status, refused.json()["code"]) == (422, "invalid_document")
    assert logged(database, interview) == []


def test_nobody_floods_the_log(client: FunctionClient, interview: str, database: Database) -> None:
    with database.begin() as tx:
        for _ in range(MAX_STEPS - 1):
            tx.process_log.append(interview, EventType.CANDIDATE_STEP)
    assert report(client, interview, step("s1")).status == 200
    refused = report(client, interview, step("s2"))
    assert (refused.status, refused.json()["code"]) == (409, "too_many_steps")
    assert len(logged(database, interview)) == MAX_STEPS


def test_killed_between_the_row_and_the_event_the_step_is_told_once(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    class Dying:
        def put(self, *_: object) -> None:
            raise Unavailable("the store went away")

    vars(app)["store"] = Dying()
    report(client, interview, step("s1"))
    vars(app)["store"] = store
    assert report(client, interview, step("s1")).json() == {"accepted": 0}
    assert len(logged(database, interview)) == 1
    with database.begin() as tx:
        (row,) = tx.process_log.list(interview)
    assert row.published_at is None, "status_sync's sweep takes it over"


def test_hr_reads_every_step_in_words(
    client: FunctionClient, interview: str, database: Database
) -> None:
    every = [step(name, name, answer="<b>") for name in get_args(StepName)]
    assert report(client, interview, *every).json() == {"accepted": len(every)}
    with database.begin() as tx:
        away = {"away_s": 190, "cause": "network"}
        tx.process_log.append(interview, EventType.CANDIDATE_BACK, away)
        trouble = {"camera": "covered", "answer": None}
        tx.process_log.append(interview, EventType.CAMERA_TROUBLE, trouble)
        tx.process_log.append(interview, EventType.TIME_GRANTED, {"factor": 1.5})
    set_up(console, SettableClock())
    hr, cookie = FunctionClient(console), signed_in(database).cookie
    for language, words in (
        ("zh-CN", ("听到声音", "浏览器无法存储", "3分钟 10秒", "摄像头被遮挡", "1.5 倍")),
        (
            "en",
            ("Test sound heard", "Browser cannot store", "3 min 10 sec", "covered", "1.5 times"),
        ),
    ):
        page = hr.get(f"/console/interviews/{interview}?lang={language}", cookie=cookie).text
        log = page.partition('class="timeline"')[2].partition("</ol>")[0]
        assert "step." not in log
        assert "<b><b>" not in log
        for text in words:
            assert text in log
