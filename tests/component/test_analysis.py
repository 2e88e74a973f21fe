"""analysis over a real store and database: modules, consents, scoring, repeated and concurrent events."""

import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from functions.analysis.analyse import analyse
from functions.analysis.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis, NotMeasured, Observation
from greenroom.domain.consent import Consents
from greenroom.domain.errors import Unavailable
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.template import Template
from greenroom.runtime.analysis_modules import Modules
from tests.function_client import FunctionClient
from tests.media_fixtures import MediaWorkshop
from tests.pipeline_fixtures import (
    ALL_CONSENTS,
    TEMPLATE,
    Pipeline,
    checked,
    put_quality,
    talking_face,
)
from tests.seeded import SettableClock, set_up


class Listener:
    """A module that always finds the same; `fault` is raised by `observe`, `broken` by the self-test."""

    name = "speech"
    version = "9"
    purpose = "recording"
    tracks = ("camera",)
    provides = ("speech_share", "long_pauses_per_min")

    def __init__(
        self, fault: Exception | None = None, broken: Exception | None = None, purpose: str = ""
    ) -> None:
        self.fault, self.broken = fault, broken
        self.purpose = purpose or self.purpose
        self.tests = 0

    def model_digest(self) -> str | None:
        return None

    def self_test(self) -> None:
        self.tests += 1
        if self.broken:
            raise self.broken

    def observe(self, recordings: Mapping[str, Path]) -> list[Observation]:
        assert recordings["camera"].stat().st_size > 0
        if self.fault:
            raise self.fault
        return [
            Observation(
                kind=kind, start_s=0, end_s=8, value=value, unit="share", confidence=0.98765, n=9
            )
            for kind, value in (("speech_share", 2 / 3), ("long_pauses_per_min", 1.0))
        ]


def modules(**made: Listener) -> Modules:
    loaders: dict[str, Callable[[], Callable[[], Listener]]] = {
        name: lambda module=module: lambda: module for name, module in made.items()
    }
    return Modules(loaders, structlog.get_logger())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def analysis(platform: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_ANALYSIS__FOLDER", str(tmp_path / "work"))
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def pipeline(store: ObjectStore, database: Database) -> Pipeline:
    return Pipeline.start(store, database)


def report(pipeline: Pipeline, ref: AttemptRef) -> Analysis:
    return Analysis.parse(pipeline.store.get(ref.analysis))


def card(pipeline: Pipeline) -> Scorecard:
    return Scorecard.parse(pipeline.store.get(keys.scorecard(pipeline.interview)))


def test_both_shipped_modules_run_and_the_interview_is_scored(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    first = checked(pipeline, "first", talking_face(workshop))
    second = checked(pipeline, "second", talking_face(workshop))
    submission = pipeline.submit()
    assert analysis.objects(first.quality, submission, second.quality) == []
    found = {item.module: item for item in report(pipeline, first).modules}
    assert {name: item.status for name, item in found.items()} == {
        "speech": "ok",
        "vision": "ok",
        "language": "not_measured",
    }
    assert (found["language"].reason or "").startswith("no speech-to-text model")
    values = {item.kind: item.value for item in found["vision"].observations}
    assert values["face_presence"] > 0.95
    speech = [item for item in found["speech"].observations if item.kind == "speech"]
    assert [item.start_s for item in speech] == pytest.approx([1.0, 5.3], abs=0.3)

    communication = card(pipeline).competencies[0]
    assert communication.status == "scored"
    evidence = communication.indicators[0].evidence
    assert {(item.answer, item.kind) for item in evidence} == set(
        itertools.product(("first", "second"), ("speech_share", "long_pauses_per_min"))
    )
    assert all(item.ranges for item in evidence if item.kind == "speech_share")
    assert card(pipeline).competencies[1].status == "not_measured"
    assert (pipeline.state(), pipeline.flags()) == (InterviewState.SCORED, [])
    assert pipeline.log() == ["answer.analysed", "answer.analysed", "interview.scored"]
    with pipeline.database.begin() as tx:
        assert tx.interviews.scores(pipeline.interview)["communication"] == communication.score
    assert list((tmp_path / "work").iterdir()) == []

    before, log = pipeline.objects(), pipeline.log()
    for ref in (first, second):
        pipeline.store.delete(ref.analysis)
    assert analysis.objects(second.quality, submission, first.quality, second.quality) == []
    assert (pipeline.objects(), pipeline.log()) == (before, log)


@pytest.mark.parametrize("order", list(itertools.permutations(["first", "second", "submission"])))
def test_in_any_order_and_twice_the_interview_is_scored_once_with_the_same_bytes(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop, order: tuple[str, ...]
) -> None:
    found = modules(speech=Listener())
    refs = {name: checked(pipeline, name, talking_face(workshop)) for name in ("first", "second")}
    for step in [*order, *order]:
        if step != "submission":
            analyse(refs[step], app, modules=found)
        elif pipeline.state() == InterviewState.IN_PROGRESS:
            assert analysis.objects(pipeline.submit()) == []
        else:
            assert analysis.objects(keys.submission(pipeline.interview)) == []
    assert pipeline.state() == InterviewState.SCORED
    assert sorted(pipeline.log()) == ["answer.analysed", "answer.analysed", "interview.scored"]
    assert card(pipeline).competencies[0].score == SCORE


SCORE = 95.2
"""From 2/3 of speech (95.4 on the shipped curve) and one long pause a minute (95), weighted alike."""


def test_two_answers_that_finish_at_once_give_one_scored_event(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    refs = [checked(pipeline, name, talking_face(workshop)) for name in ("first", "second")]
    pipeline.submit()
    _ = app.settings, app.store, app.database, app.logger
    together = threading.Barrier(len(refs))
    faults: list[BaseException] = []

    def run(ref: AttemptRef) -> None:
        class Waiting(Listener):
            def observe(self, recordings: Mapping[str, Path]) -> list[Observation]:
                together.wait(timeout=20)
                return super().observe(recordings)

        try:
            analyse(ref, app, modules=modules(speech=Waiting()))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(ref,)) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert pipeline.state() == InterviewState.SCORED
    assert sorted(pipeline.log()) == ["answer.analysed", "answer.analysed", "interview.scored"]
    assert card(pipeline).competencies[0].score == SCORE


def test_a_module_that_fails_stops_no_other(
    analysis: FunctionClient, store: ObjectStore, database: Database, workshop: MediaWorkshop
) -> None:
    names = ["mute", "crashing", "untested", "speech", "absent"]
    template = Template.model_validate({**TEMPLATE.model_dump(), "analysis": names})
    pipeline = Pipeline.start(store, database, template=template)
    ref = checked(pipeline, "first", talking_face(workshop))
    found = modules(
        mute=Listener(fault=NotMeasured("the recording has no sound", code="no_sound")),
        crashing=Listener(fault=ZeroDivisionError("division by zero")),
        untested=Listener(broken=RuntimeError("no face in the golden picture")),
        speech=Listener(),
    )
    analyse(ref, app, modules=found)
    results = report(pipeline, ref).modules
    assert [item.module for item in results] == names
    assert [(item.status, item.code, item.reason, item.version) for item in results] == [
        ("not_measured", "no_sound", "the recording has no sound", "9"),
        ("failed", "module_failed", "ZeroDivisionError: division by zero", "9"),
        (
            "failed",
            "module_failed",
            "SelfTestFailed: self-test: RuntimeError: no face in the golden picture",
            None,
        ),
        ("ok", None, None, "9"),
        ("not_measured", "module_not_installed", "module absent is not installed", None),
    ]
    assert results[3].observations[0].confidence == 0.99
    assert pipeline.answer_state("first") == AnswerState.ANALYSED


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("speech", None),
        ("speech==9", None),
        ("speech==8", "module_version_differs"),
        ("speech==9.0", "module_version_differs"),
    ],
)
def test_a_pinned_module_runs_in_that_version_alone(
    analysis: FunctionClient,
    store: ObjectStore,
    database: Database,
    workshop: MediaWorkshop,
    wish: str,
    code: str | None,
) -> None:
    template = Template.model_validate({**TEMPLATE.model_dump(), "analysis": [wish]})
    pipeline = Pipeline.start(store, database, template=template)
    ref = checked(pipeline, "first", talking_face(workshop))
    analyse(ref, app, modules=modules(speech=Listener()))
    [result] = report(pipeline, ref).modules
    assert (result.module, result.code, bool(result.observations)) == ("speech", code, not code)


def test_a_self_test_runs_once_for_all_answers(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    good, bad = Listener(), Listener(broken=RuntimeError("no"))
    found = modules(speech=good, vision=bad)
    for name in ("first", "second"):
        analyse(checked(pipeline, name, talking_face(workshop)), app, modules=found)
    assert (good.tests, bad.tests) == (1, 1)


def test_a_passing_fault_is_tried_again_and_the_sweep_takes_what_it_gets(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    ref = checked(pipeline, "first", talking_face(workshop))
    found = modules(speech=Listener(fault=Unavailable("no room", code="disk_full")))
    with pytest.raises(Unavailable, match="no room"):
        analyse(ref, app, modules=found)
    assert pipeline.answer_state("first") == AnswerState.CHECKED
    analyse(ref, app, modules=found, last_try=True)
    assert report(pipeline, ref).modules[0].status == "failed"
    assert pipeline.answer_state("first") == AnswerState.ANALYSED


@pytest.mark.parametrize(
    ("consents", "reasons"),
    [
        (
            Consents(recording=True, ai_scoring=True),
            [None, "no consent to face analysis was given"],
        ),
        (
            Consents(recording=True, face=True),
            ["no consent to scoring by software was given"] * 2,
        ),
    ],
)
def test_what_the_candidate_declined_is_not_measured(
    analysis: FunctionClient,
    store: ObjectStore,
    database: Database,
    workshop: MediaWorkshop,
    consents: Consents,
    reasons: list[str | None],
) -> None:
    pipeline = Pipeline.start(store, database, consents=consents)
    ref = checked(pipeline, "first", talking_face(workshop))
    found = modules(speech=Listener(), vision=Listener(purpose="face"))
    analyse(ref, app, modules=found)
    results = report(pipeline, ref).modules[:2]
    assert [item.reason for item in results] == reasons
    assert [item.code for item in results] == [reason and "no_consent" for reason in reasons]


def test_without_consent_to_scoring_a_person_reviews_and_no_number_is_made(
    analysis: FunctionClient, store: ObjectStore, database: Database, workshop: MediaWorkshop
) -> None:
    declined = ALL_CONSENTS.model_copy(update={"ai_scoring": False})
    pipeline = Pipeline.start(store, database, consents=declined)
    refs = [checked(pipeline, name, talking_face(workshop)) for name in ("first", "second")]
    submission = pipeline.submit()
    assert analysis.objects(*(ref.quality for ref in refs), submission, submission) == []
    assert pipeline.state() == InterviewState.HUMAN_REVIEW
    assert pipeline.log()[2:] == ["interview.human_review"]
    assert store.head(keys.scorecard(pipeline.interview)) is None
    with database.begin() as tx:
        assert tx.interviews.get(pipeline.interview).total_score is None
        assert tx.interviews.scores(pipeline.interview) == {}


def test_one_answer_to_record_again_leaves_the_other_scored(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    found = modules(speech=Listener())
    bad = checked(pipeline, "first", talking_face(workshop), verdict="re_record")
    good = checked(pipeline, "second", talking_face(workshop))
    submission = pipeline.submit()
    analyse(good, app, modules=found)
    assert analysis.objects(bad.quality, submission, bad.quality) == []
    assert pipeline.store.head(bad.analysis) is None
    assert (pipeline.state(), pipeline.flags()) == (InterviewState.RE_RECORD, ["needs_re_record"])
    assert pipeline.log() == ["answer.analysed", "interview.re_record"]
    assert [(item.answer, item.counted) for item in card(pipeline).answers] == [
        ("first", False),
        ("second", True),
    ]
    assert card(pipeline).competencies[0].score == SCORE

    again = checked(pipeline, "first", talking_face(workshop))
    analyse(again, app, modules=found)
    assert pipeline.state() == InterviewState.RE_RECORD, "the candidate has not submitted again"
    assert analysis.objects(pipeline.submit()) == []
    assert (pipeline.state(), pipeline.flags()) == (InterviewState.SCORED, [])
    assert pipeline.log()[2:] == ["answer.analysed", "interview.scored"]
    assert all(item.counted for item in card(pipeline).answers)
    assert analysis.objects(bad.quality) == []
    assert card(pipeline).answers[0].attempt == again.attempt


def test_a_report_seen_before_its_state_comes_again(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    found = modules(speech=Listener())
    usable = pipeline.assembled("first", talking_face(workshop))
    put_quality(pipeline, usable)
    bad = pipeline.assembled("second", talking_face(workshop))
    put_quality(pipeline, bad, verdict="re_record")
    pipeline.submit()
    with pytest.raises(Unavailable, match="before its answer's state"):
        analyse(usable, app, modules=found)
    assert analysis.objects(bad.quality) == [0]
    pipeline.move(usable, AnswerState.CHECKED)
    pipeline.move(bad, AnswerState.RE_RECORD)
    analyse(usable, app, modules=found)
    assert analysis.objects(bad.quality) == []
    assert pipeline.state() == InterviewState.RE_RECORD


def test_the_sweep_analyses_and_scores_what_no_event_announced(
    analysis: FunctionClient, store: ObjectStore, database: Database, workshop: MediaWorkshop
) -> None:
    template = Template.model_validate({**TEMPLATE.model_dump(), "analysis": ["language"]})
    pipeline = Pipeline.start(store, database, template=template)
    for name in ("first", "second"):
        checked(pipeline, name, talking_face(workshop))
    pipeline.submit()
    analysis.tick("sweep")
    assert pipeline.state() == InterviewState.SUBMITTED
    app.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    set_up(app)
    analysis.tick("sweep")
    assert pipeline.state() == InterviewState.SCORED
    assert card(pipeline).total.status == "not_measured"


def test_the_sweep_scores_an_interview_whose_submission_was_lost(
    analysis: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    found = modules(speech=Listener())
    for name in ("first", "second"):
        analyse(checked(pipeline, name, talking_face(workshop)), app, modules=found)
    pipeline.submit()
    app.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    set_up(app)
    analysis.tick("sweep")
    assert pipeline.state() == InterviewState.SCORED


@pytest.mark.parametrize(
    "key", ["reports/x/quality.json", "uploads/x/submission.json", "uploads/submission.json"]
)
def test_a_key_that_is_not_ours_is_refused_for_good(analysis: FunctionClient, key: str) -> None:
    assert analysis.objects(key) == []
