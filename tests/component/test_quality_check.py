"""quality_check over a real store and database: verdicts, states, repeated and early events, the sweep."""

from datetime import timedelta
from pathlib import Path

import pytest

from functions.quality_check.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Quality
from greenroom.domain.template import Template
from tests.function_client import FunctionClient
from tests.media_fixtures import VP8, MediaWorkshop, picture
from tests.pipeline_fixtures import ALL_CONSENTS, TEMPLATE, Pipeline, talking_face
from tests.seeded import SettableClock, set_up


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def quality_check(
    platform: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_QUALITY__FOLDER", str(tmp_path / "work"))
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def pipeline(store: ObjectStore, database: Database) -> Pipeline:
    return Pipeline.start(store, database)


def quality(pipeline: Pipeline, ref: AttemptRef) -> Quality:
    return Quality.parse(pipeline.store.get(ref.quality))


def test_a_good_answer_is_checked(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    ref = pipeline.assembled("first", talking_face(workshop))
    assert quality_check.objects(ref.assembly) == []
    report = quality(pipeline, ref)
    assert report.verdict == "usable_with_warnings"
    assert report.reasons == ["height_px"]
    assert report.words == [{"en": "The picture is too small", "zh-CN": "画面分辨率过低"}]
    levels = {finding.code: finding.level for finding in report.findings}
    assert set(levels) == {
        *("duration_s", "fps", "height_px", "black_share", "covered_share", "frozen_share"),
        *("blur_share", "low_light_share", "no_face_share", "several_faces_share"),
        *("silence_share", "clipping_share", "loudness_lufs", "snr_db"),
        *("av_offset_s", "av_drift_s", "lost_share"),
    }
    assert levels["no_face_share"] == levels["several_faces_share"] == "ok"
    assert set(report.inputs) == {"assembly", "camera"}
    assert pipeline.answer_state("first") == AnswerState.CHECKED
    assert pipeline.log() == ["answer.checked"]
    assert list((tmp_path / "work").iterdir()) == []


def test_without_consent_to_face_analysis_no_face_is_counted(
    quality_check: FunctionClient, store: ObjectStore, database: Database, workshop: MediaWorkshop
) -> None:
    pipeline = Pipeline.start(
        store, database, consents=ALL_CONSENTS.model_copy(update={"face": False})
    )
    ref = pipeline.assembled("first", talking_face(workshop))
    quality_check.objects(ref.assembly)
    levels = {finding.code: finding.level for finding in quality(pipeline, ref).findings}
    assert levels["no_face_share"] == levels["several_faces_share"] == "not_measured"


def test_the_same_event_again_changes_nothing(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    ref = pipeline.assembled("first", talking_face(workshop))
    quality_check.objects(ref.assembly, ref.assembly)
    before, log = pipeline.objects(), pipeline.log()
    quality_check.objects(ref.assembly)
    assert (pipeline.objects(), pipeline.log()) == (before, log)


def test_a_run_from_nothing_gives_the_same_bytes(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    ref = pipeline.assembled("first", talking_face(workshop))
    quality_check.objects(ref.assembly)
    before = pipeline.store.get(ref.quality)
    pipeline.store.delete(ref.quality)
    quality_check.objects(ref.assembly)
    assert pipeline.store.get(ref.quality) == before


def test_a_replay_does_not_measure_again(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    """Killed between quality.json and the state: only the state is left to do, without the recording."""
    ref = pipeline.assembled("first", talking_face(workshop))
    quality_check.objects(ref.assembly)
    report = pipeline.store.get(ref.quality)
    again = pipeline.assembled("first", talking_face(workshop))
    other = Quality.parse(report).model_copy(
        update={
            "attempt": again.attempt,
            "inputs": quality_inputs(pipeline, again),
            "verdict": "usable",
        }
    )
    pipeline.store.put(again.quality, other.canonical())
    pipeline.store.delete(again.recording("camera", "webm"))
    assert quality_check.objects(again.assembly) == []
    assert pipeline.store.get(again.quality) == other.canonical()
    assert pipeline.answer_state("first") == AnswerState.CHECKED


def quality_inputs(pipeline: Pipeline, ref: AttemptRef) -> dict[str, str]:
    digests = pipeline.objects()
    return {"assembly": digests[ref.assembly], "camera": digests[ref.recording("camera", "webm")]}


def test_an_assembly_seen_before_its_state_comes_again(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    ref = pipeline.sealed("first")
    pipeline.put_assembly(ref, camera=talking_face(workshop))
    assert quality_check.objects(ref.assembly) == [0]
    pipeline.move(ref, AnswerState.ASSEMBLED)
    assert quality_check.objects(ref.assembly) == []
    assert pipeline.answer_state("first") == AnswerState.CHECKED


def test_a_late_event_about_an_older_take_touches_nothing_newer(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    old = pipeline.assembled("first", talking_face(workshop))
    new = pipeline.sealed("first")
    assert quality_check.objects(old.assembly) == []
    assert pipeline.answer_state("first") == AnswerState.SEALED
    assert pipeline.log() == []
    assert pipeline.store.head(new.quality) is None


def test_a_bad_answer_before_submission_is_asked_for_again_and_the_interview_stays_open(
    quality_check: FunctionClient, pipeline: Pipeline
) -> None:
    ref = pipeline.assembled("first", refused={"camera": "media_container"})
    quality_check.objects(ref.assembly, ref.assembly)
    report = quality(pipeline, ref)
    assert (report.verdict, report.reasons) == ("re_record", ["media_refused"])
    assert report.findings[0].reason == "media_container"
    assert pipeline.answer_state("first") == AnswerState.RE_RECORD
    assert (pipeline.state(), pipeline.flags()) == (InterviewState.IN_PROGRESS, [])
    assert pipeline.log() == ["answer.re_record"]


def test_a_bad_answer_after_submission_opens_the_interview_again(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    bad = pipeline.assembled("first", workshop.screen(6))
    good = pipeline.assembled("second", talking_face(workshop))
    pipeline.submit()
    quality_check.objects(good.assembly, bad.assembly, bad.assembly, good.assembly)
    assert quality(pipeline, bad).reasons == ["no_face_share", "silence_share"]
    assert pipeline.answer_state("first") == AnswerState.RE_RECORD
    assert pipeline.answer_state("second") == AnswerState.CHECKED
    assert (pipeline.state(), pipeline.flags()) == (InterviewState.RE_RECORD, ["needs_re_record"])
    assert pipeline.log() == ["answer.checked", "answer.re_record", "interview.re_record"]


def test_bytes_that_are_no_recording_are_a_finding_not_a_crash(
    quality_check: FunctionClient, pipeline: Pipeline, tmp_path: Path
) -> None:
    playlist = tmp_path / "camera.webm"
    playlist.write_text("#EXTM3U\nfile:///etc/passwd\n")
    ref = pipeline.assembled("first", playlist)
    assert quality_check.objects(ref.assembly) == []
    finding = quality(pipeline, ref).findings[0]
    assert (finding.code, finding.level, finding.reason) == (
        "media_refused",
        "re_record",
        "media_container",
    )


def test_a_recording_that_is_not_what_was_assembled_is_tried_again(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    ref = pipeline.assembled("first", talking_face(workshop))
    pipeline.store.put_file(ref.recording("camera", "webm"), workshop.screen(6), "video/webm")
    assert quality_check.objects(ref.assembly) == [0]
    assert pipeline.answer_state("first") == AnswerState.ASSEMBLED


def test_a_screen_is_judged_by_its_own_rules_and_a_missing_one_is_named(
    quality_check: FunctionClient,
    store: ObjectStore,
    database: Database,
    workshop: MediaWorkshop,
) -> None:
    questions = [
        {**question.model_dump(), "tracks": ["camera", "screen"]} for question in TEMPLATE.questions
    ]
    template = Template.model_validate({**TEMPLATE.model_dump(), "questions": questions})
    pipeline = Pipeline.start(store, database, template=template)
    still = workshop.make(".webm", picture(6, "1280x720", 1), VP8)
    shown = pipeline.assembled("first", talking_face(workshop), screen=still)
    absent = pipeline.assembled("second", talking_face(workshop))
    quality_check.objects(shown.assembly, absent.assembly)
    screen = [item for item in quality(pipeline, shown).findings if item.track == "screen"]
    assert {item.code: item.level for item in screen} == {
        "screen_height_px": "warning",
        "black_share": "ok",
        "lost_share": "ok",
    }
    assert quality(pipeline, absent).reasons == ["track_missing"]


def test_the_sweep_takes_up_what_no_event_announced(
    quality_check: FunctionClient, pipeline: Pipeline, workshop: MediaWorkshop
) -> None:
    broken = pipeline.sealed("second")
    pipeline.move(broken, AnswerState.ASSEMBLED)  # its assembly.json is lost: no reason to stop
    pipeline.assembled("first", talking_face(workshop))
    quality_check.tick("sweep")
    assert pipeline.answer_state("first") == AnswerState.ASSEMBLED
    app.clock.advance(timedelta(minutes=6))  # type: ignore[attr-defined]
    set_up(app)
    quality_check.tick("sweep")
    assert pipeline.answer_state("first") == AnswerState.CHECKED
    assert pipeline.answer_state("second") == AnswerState.ASSEMBLED


@pytest.mark.parametrize("key", ["recordings/x/assembly.json", "recordings/itv_/a/1/assembly.json"])
def test_a_key_that_is_not_ours_is_refused_for_good(
    quality_check: FunctionClient, key: str
) -> None:
    assert quality_check.objects(key) == []
