"""Follow-ups over a real store and database: one offer per answer, skipped or answered, never owed, told to HR."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from functions.analysis.app import app as analysis_app
from functions.console.app import app as console_app
from functions.portal.app import app
from functions.quality_check.app import app as quality_app
from functions.quality_check.record import record
from functions.upload_url.app import app as upload_app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis, ModuleResult, Utterance
from greenroom.domain.consent import NO_CONSENTS
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Finding, Quality
from greenroom.domain.scorecard import Scorecard
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.model_endpoint import Endpoint, completion, model_endpoint
from tests.pipeline_fixtures import TEMPLATE, Pipeline
from tests.seeded import SettableClock, api_key, candidate_token, set_up

ASK, SKIP = "/v1/candidate/follow-ups/first", "/v1/candidate/follow-ups/first/skip"
FOLLOW_UP = "first-follow-up"
ON = TEMPLATE.model_copy(update={"entry": TEMPLATE.entry.model_copy(update={"follow_ups": True})})
SHORT_S, LONG_S = 10.0, 100.0
WRITTEN = {"zh": "请再多讲一点好吗？", "en": "Could you tell us a little more?"}


@pytest.fixture
def functions(platform: None) -> None:
    for function in (app, analysis_app, console_app, quality_app, upload_app):
        set_up(function, SettableClock())


@pytest.fixture
def pipeline(functions: None, store: ObjectStore, database: Database) -> Pipeline:
    return Pipeline.start(store, database, template=ON)


def candidate(pipeline: Pipeline, function: Any = app) -> FunctionClient:
    token = candidate_token(pipeline.interview)
    return FunctionClient(function, authorization=f"Bearer {token}")


def ask(pipeline: Pipeline, attempt: int = 1) -> dict[str, Any]:
    answered = candidate(pipeline).post(ASK, {"attempt": attempt})
    assert answered.status == 200, answered.text
    return dict(answered.json())


def report(ref: AttemptRef, duration_s: float, verdict: str = "usable") -> Quality:
    return Quality(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        verdict=verdict,  # type: ignore[arg-type]
        reasons=[] if verdict == "usable" else ["duration_s"],
        findings=[
            Finding(code="duration_s", track="camera", level="ok", value=duration_s, unit="s")
        ],
        inputs={},
        tool="test",
    )


def checked(pipeline: Pipeline, answer: str = "first", duration_s: float = SHORT_S) -> AttemptRef:
    """An attempt that quality_check has let pass."""
    ref = pipeline.sealed(answer)
    pipeline.store.put(ref.quality, report(ref, duration_s).canonical())
    for state in (AnswerState.ASSEMBLED, AnswerState.CHECKED):
        pipeline.move(ref, state)
    return ref


def analysed(
    pipeline: Pipeline, answer: str = "first", said: str = "", duration_s: float = LONG_S
) -> AttemptRef:
    ref = checked(pipeline, answer, duration_s)
    heard = (
        [Utterance(start_s=0, end_s=9, text=said, language="zh", confidence=0.9)] if said else []
    )
    found = Analysis(
        interview=ref.interview,
        answer=answer,
        attempt=ref.attempt,
        inputs={},
        tool="test",
        modules=[ModuleResult(module="language", status="ok", transcript=heard)],
    )
    pipeline.store.put(ref.analysis, found.canonical())
    pipeline.move(ref, AnswerState.ANALYSED)
    return ref


def offered(pipeline: Pipeline) -> list[dict[str, Any]]:
    """What the process log says of offers."""
    with pipeline.database.begin() as tx:
        rows = tx.process_log.list(pipeline.interview)
    return [row.event.data.details for row in rows if row.type == "follow_up.offered"]


def test_a_short_answer_is_followed_up_as_soon_as_it_is_checked(pipeline: Pipeline) -> None:
    pipeline.sealed("first")
    assert ask(pipeline) == {"state": "waiting", "follow_up": None}
    pipeline = Pipeline(pipeline.store, pipeline.database, pipeline.interview)
    checked(pipeline)
    reply = ask(pipeline, attempt=2)
    asked = reply["follow_up"]
    assert (reply["state"], asked["answer"], asked["follows"]) == ("offered", FOLLOW_UP, "first")
    assert asked["recordable"]
    assert (asked["min_s"], asked["takes"], asked["tracks"]) == (0, 1, ["camera"])
    [told] = offered(pipeline)
    assert (told["answer"], told["rule"], told["rules_version"]) == (FOLLOW_UP, "too_short", "v1")
    assert (told["attempt"], told["source"]) == (2, "rules")
    view = candidate(pipeline).get("/v1/candidate/interview").json()
    assert [item["answer"] for item in view["answers"]] == ["first", FOLLOW_UP, "second"]


def test_what_was_said_decides_when_the_analysis_is_there(pipeline: Pipeline) -> None:
    checked(pipeline, duration_s=LONG_S)
    assert ask(pipeline)["state"] == "waiting"
    analysed(pipeline, said="我觉得对待顾客一定要耐心，要认真倾听他们的意见，结果会好。")
    assert ask(pipeline, attempt=2)["state"] == "offered"
    assert offered(pipeline)[0]["rule"] == "no_example"


def test_a_whole_answer_gets_none(pipeline: Pipeline) -> None:
    analysed(pipeline)
    assert ask(pipeline) == {"state": "none", "follow_up": None}
    assert offered(pipeline) == []


def test_nothing_is_asked_where_the_template_says_nothing(
    functions: None, store: ObjectStore, database: Database
) -> None:
    pipeline = Pipeline.start(store, database)
    checked(pipeline)
    assert ask(pipeline)["state"] == "none"


def test_an_older_take_is_not_looked_at(pipeline: Pipeline) -> None:
    checked(pipeline)
    assert ask(pipeline, attempt=2)["state"] == "waiting"


def test_an_answer_to_be_given_again_gets_none_yet(pipeline: Pipeline) -> None:
    ref = pipeline.sealed("first")
    for state in (AnswerState.ASSEMBLED, AnswerState.RE_RECORD):
        pipeline.move(ref, state)
    assert ask(pipeline)["state"] == "none"
    checked(pipeline)
    assert ask(pipeline, attempt=2)["state"] == "offered"


def test_asked_by_many_at_once_and_again_there_is_one(pipeline: Pipeline) -> None:
    checked(pipeline)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(pipeline), range(24)))
    assert {json.dumps(reply, sort_keys=True) for reply in replies} == {
        json.dumps(replies[0], sort_keys=True)
    }
    assert len(offered(pipeline)) == 1
    analysed(pipeline)  # another take, which lacks nothing: the offer stands
    assert ask(pipeline, attempt=2)["follow_up"]["answer"] == FOLLOW_UP
    assert len(offered(pipeline)) == 1


def test_a_follow_up_has_none_itself(pipeline: Pipeline) -> None:
    checked(pipeline)
    ask(pipeline)
    checked(pipeline, FOLLOW_UP)
    answered = candidate(pipeline).post(f"/v1/candidate/follow-ups/{FOLLOW_UP}", {"attempt": 1})
    assert answered.json()["state"] == "none"


@pytest.mark.parametrize("body", [{}, {"attempt": 0}, {"attempt": "x"}, {"attempt": 1, "more": 1}])
def test_a_bad_wish_is_refused(pipeline: Pipeline, body: dict[str, Any]) -> None:
    answered = candidate(pipeline).post(ASK, body)
    assert (answered.status, answered.json()["code"]) == (422, "invalid_document")


def test_an_unknown_answer_is_refused(pipeline: Pipeline) -> None:
    answered = candidate(pipeline).post("/v1/candidate/follow-ups/nothing", {"attempt": 1})
    assert (answered.status, answered.json()["code"]) == (404, "unknown_answer")


def submit(pipeline: Pipeline) -> Answer:
    return candidate(pipeline, upload_app).post("/v1/candidate/submission", {})


def start(pipeline: Pipeline) -> Answer:
    return candidate(pipeline, upload_app).post(f"/v1/candidate/answers/{FOLLOW_UP}/attempts")


def test_skipped_it_stays_so_and_is_told_once(pipeline: Pipeline) -> None:
    unknown = candidate(pipeline).post(SKIP)
    assert (unknown.status, unknown.json()["code"]) == (404, "unknown_follow_up")
    checked(pipeline)
    ask(pipeline)
    for _ in range(2):
        answered = candidate(pipeline).post(SKIP)
        assert answered.json() == {"answer": FOLLOW_UP, "state": "skipped"}
    assert pipeline.log().count("follow_up.skipped") == 1
    assert ask(pipeline)["follow_up"]["recordable"] is False
    refused = start(pipeline)
    assert (refused.status, refused.json()["code"]) == (409, "answer_skipped")


@pytest.mark.parametrize("begun", [False, True], ids=["untouched", "broken off"])
def test_it_is_never_owed_and_scoring_goes_on_without_it(pipeline: Pipeline, begun: bool) -> None:
    analysed(pipeline, duration_s=SHORT_S)
    analysed(pipeline, "second")
    ask(pipeline)
    if begun:
        assert start(pipeline).status == 201
    assert submit(pipeline).status == 202
    assert pipeline.answer_state(FOLLOW_UP) == AnswerState.SKIPPED
    assert FunctionClient(analysis_app).objects(keys.submission(pipeline.interview)) == []
    assert pipeline.state() == InterviewState.SCORED
    card = Scorecard.parse(pipeline.store.get(keys.scorecard(pipeline.interview)))
    assert [item.answer for item in card.answers] == ["first", "second"]
    assert pipeline.log().count("follow_up.skipped") == 1


def test_answered_it_is_evidence_like_any_other(pipeline: Pipeline) -> None:
    analysed(pipeline, duration_s=SHORT_S)
    analysed(pipeline, "second")
    ask(pipeline)
    assert start(pipeline).json()["max_s"] == 90
    follow_up = analysed(pipeline, FOLLOW_UP)
    assert candidate(pipeline).post(SKIP).json()["state"] == "analysed"
    assert submit(pipeline).status == 202
    FunctionClient(analysis_app).objects(keys.submission(pipeline.interview))
    card = Scorecard.parse(pipeline.store.get(keys.scorecard(pipeline.interview)))
    assert [item.answer for item in card.answers] == ["first", FOLLOW_UP, "second"]
    assert all(item.counted for item in card.answers)
    assert follow_up.attempt == 2, "the start above was the first"


def test_an_unusable_one_calls_nobody_back(pipeline: Pipeline) -> None:
    analysed(pipeline, duration_s=SHORT_S)
    analysed(pipeline, "second")
    ask(pipeline)
    ref = pipeline.sealed(FOLLOW_UP)
    pipeline.move(ref, AnswerState.ASSEMBLED)
    pipeline.submit()
    bad = report(ref, SHORT_S, "re_record")
    pipeline.store.put(ref.quality, bad.canonical())
    record(ref, bad, NO_CONSENTS, quality_app)
    assert pipeline.answer_state(FOLLOW_UP) == AnswerState.RE_RECORD
    assert pipeline.state() == InterviewState.SUBMITTED
    FunctionClient(analysis_app).objects(ref.quality)
    assert pipeline.state() == InterviewState.SCORED
    assert pipeline.flags() == []


def test_hr_reads_why_it_was_asked(pipeline: Pipeline, database: Database) -> None:
    checked(pipeline)
    ask(pipeline)
    key = api_key(database, "interviews:read")
    console = FunctionClient(console_app, authorization=f"Bearer {key}")
    results = console.get(f"/v1/interviews/{pipeline.interview}/results").json()
    asked = {answer["answer"]: answer["follow_up"] for answer in results["answers"]}
    assert asked["first"] is None
    assert asked[FOLLOW_UP]["rule"] == "too_short"
    assert asked[FOLLOW_UP]["text"]["zh-CN"].startswith("刚才的回答比较简短")
    cookie = signed_in(database).cookie
    page = console.get(f"/console/interviews/{pipeline.interview}", cookie=cookie).text
    assert "第 1 题追问" in page
    assert "回答时长明显不足" in page
    desk = console.get(f"/console/interviews/{pipeline.interview}/desk?lang=en", cookie=cookie).text
    assert "Follow-up to question 1:" in desk
    assert "the answer was short for what was asked" in desk
    candidate(pipeline).post(SKIP)
    status = FunctionClient(app).get(f"/i/{candidate_token(pipeline.interview)}").text
    assert "已跳过" in status


@pytest.fixture
def model(platform: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    with ExitStack() as stack:
        server, settings = stack.enter_context(
            model_endpoint(lambda _: (200, completion(json.dumps(WRITTEN))))
        )
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GREENROOM_FOLLOW_UPS__MODEL_S", "20")
        yield server


def test_the_language_model_words_what_the_rules_chose(model: Endpoint, pipeline: Pipeline) -> None:
    said = "我觉得对待顾客一定要耐心，要认真倾听他们的意见，结果会好。"
    analysed(pipeline, said=said)
    assert ask(pipeline)["follow_up"]["text"] == {"zh-CN": WRITTEN["zh"], "en": WRITTEN["en"]}
    [told] = offered(pipeline)
    assert (told["rule"], told["source"]) == ("no_example", "language_model")
    assert said in model.asked[0]["body"]["messages"][1]["content"]
    ask(pipeline)
    assert len(model.asked) == 1, "what is offered is not worded again"


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (503, b"", "model_refused"),
        (200, completion("Sure!"), "model_nonsense"),
        (200, completion(json.dumps(WRITTEN | {"en": "<b>More</b>, please?"})), "model_nonsense"),
        (
            200,
            completion(json.dumps(WRITTEN | {"zh": "见 https://x.example 页"})),
            "model_nonsense",
        ),
    ],
    ids=["down", "talks", "markup", "link"],
)
def test_the_rules_words_stand_in(
    model: Endpoint, pipeline: Pipeline, status: int, content: bytes, code: str
) -> None:
    model.answer = lambda _: (status, content)
    checked(pipeline)
    assert "rather short" in ask(pipeline)["follow_up"]["text"]["en"]
    [told] = offered(pipeline)
    assert (told["source"], told["fallback"]) == ("rules", code)


def test_a_model_that_hangs_holds_nobody_up(
    model: Endpoint, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_FOLLOW_UPS__MODEL_S", "0.3")
    set_up(app, SettableClock())
    answered = threading.Event()

    def hangs(_: dict[str, Any]) -> tuple[int, bytes]:
        answered.wait()
        return 200, b""

    model.answer = hangs
    checked(pipeline)
    try:
        assert ask(pipeline)["state"] == "offered"
    finally:
        answered.set()
    assert offered(pipeline)[0]["fallback"] == "model_slow"


def test_the_room_says_how_long_it_waits(pipeline: Pipeline) -> None:
    page = FunctionClient(app).get(f"/i/{candidate_token(pipeline.interview)}/room?lang=en").text
    assert 'data-screen="follow-up-wait"' in page
    assert 'data-wait-s="8"' in page
