"""Taking a consent back: what was inferred is forgotten, scores go with it, and a person reviews."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from functions.analysis import withdrawal
from functions.analysis.app import app as analysis_app
from functions.portal.app import app as portal
from functions.quality_check.app import app as quality_app
from functions.quality_check.check import check
from functions.quality_check.record import record as record_quality
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis, Observation
from greenroom.domain.consent import Consents
from greenroom.domain.errors import Unavailable
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.quality import Finding, Quality, TimeRange, without_faces
from greenroom.runtime.analysis_modules import Modules
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import TEMPLATE, SettableClock, candidate_token, invite, set_up

ALL = Consents(recording=True, transcript=True, face=True, ai_scoring=True)


class Listener:
    """The module behind the recorded observations; its consent is `purpose`."""

    name = "speech"
    version = "1.0"
    tracks = ("camera",)
    provides = ("speech_share",)

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose

    def model_digest(self) -> str | None:
        return None

    def self_test(self) -> None:
        pass

    def observe(self, recordings: Mapping[str, Path]) -> list[Observation]:
        raise AssertionError("nothing is measured again")


def modules(purpose: str) -> Modules:
    loaders: dict[str, Callable] = {"speech": lambda: lambda: Listener(purpose)}
    return Modules(loaders, structlog.get_logger())


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(portal, clock)
    return FunctionClient(portal)


@pytest.fixture
def analysis(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(analysis_app, clock)
    return FunctionClient(analysis_app)


@pytest.fixture
def interview(
    client: FunctionClient, analysis: FunctionClient, database: Database, store: ObjectStore
) -> str:
    """Scored under all consents."""
    one_question = TEMPLATE.model_copy(update={"questions": TEMPLATE.questions[:1]})
    (interview,) = invite(database, template=one_question)
    give(client, interview, ALL)
    record(interview, database, store)
    with database.begin() as tx:
        tx.interviews.record_score(interview, 70.0, {"communication": 70.0})
    return interview


def give(client: FunctionClient, interview: str, consents: Consents) -> None:
    headers = {"authorization": f"Bearer {candidate_token(interview)}"}
    document = consents.model_dump()
    assert client.put("/v1/candidate/consents", document, **headers).status == 200


def without(*purposes: str) -> Consents:
    return ALL.model_copy(update=dict.fromkeys(purposes, False))


def found(store: ObjectStore, interview: str) -> dict[str, tuple[str, str | None, int]]:
    ref = AttemptRef(interview, "coordination", 1)
    results = Analysis.parse(store.get(ref.analysis)).modules
    return {one.module: (one.status, one.reason, len(one.observations)) for one in results}


def log(database: Database, interview: str) -> list[tuple[str, dict]]:
    with database.begin() as tx:
        return [(row.type, row.event.data.details) for row in tx.process_log.list(interview)]


def test_what_is_taken_back_is_logged_once_and_rings_once(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    for _ in range(2):
        give(client, interview, without("face"))
    told = [details for kind, details in log(database, interview) if kind == "consent.withdrawn"]
    assert told == [{"purposes": ["face"], "consents": without("face").model_dump()}]
    assert store.head(keys.withdrawal(interview)) is not None
    given = [kind for kind, _ in log(database, interview) if kind == "consent.given"]
    assert len(given) == 1


def test_without_consent_to_scoring_nothing_inferred_is_left_and_a_person_reviews(
    client: FunctionClient,
    analysis: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
) -> None:
    give(client, interview, without("ai_scoring"))
    for _ in range(2):
        assert analysis.objects(keys.withdrawal(interview)) == []
    assert found(store, interview)["speech"] == (
        "not_measured",
        "no consent to scoring by software was given",
        0,
    )
    assert store.head(keys.scorecard(interview)) is None
    with database.begin() as tx:
        row = tx.interviews.get(interview)
        assert (row.state, row.total_score) == (InterviewState.HUMAN_REVIEW, None)
        assert tx.interviews.scores(interview) == {}
    reviews = [d for kind, d in log(database, interview) if kind == "interview.human_review"]
    assert reviews == [{"reason": "ai_scoring_withdrawn"}]


def test_one_purpose_taken_back_leaves_what_rests_on_the_others(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    before = found(store, interview)
    give(client, interview, without("face"))
    withdrawal.forget(interview, analysis_app, modules=modules("transcript"))
    assert found(store, interview) == before
    scored = [d for kind, d in log(database, interview) if kind == EventType.INTERVIEW_SCORED]
    assert [one["reason"] for one in scored] == ["consent_withdrawn"]
    give(client, interview, without("face", "transcript"))
    withdrawal.forget(interview, analysis_app, modules=modules("transcript"))
    assert found(store, interview)["speech"] == (
        "not_measured",
        "no consent to transcription was given",
        0,
    )
    with database.begin() as tx:
        assert tx.interviews.get(interview).total_score is None
        assert tx.interviews.get(interview).state == InterviewState.SCORED


def test_taking_back_the_recording_takes_back_what_is_made_of_it_and_tells_hr(
    client: FunctionClient,
    analysis: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
) -> None:
    give(client, interview, without("recording"))
    analysis.objects(keys.withdrawal(interview))
    assert store.head(keys.scorecard(interview)) is None
    with database.begin() as tx:
        assert tx.interviews.get(interview).flags == ["recording_withdrawn"]
    give(client, interview, ALL)
    with database.begin() as tx:
        assert tx.interviews.get(interview).flags == []


def faces_found(interview: str, database: Database, store: ObjectStore) -> AttemptRef:
    """The first answer's report, and the step that tells of it, with nobody in the picture for a while."""
    ref = AttemptRef(interview, "coordination", 1)
    quality = Quality.parse(store.get(ref.quality))
    nobody = Finding(
        code="no_face_share",
        track="camera",
        level="warning",
        value=0.4,
        unit="share",
        ranges=[TimeRange(start_s=3, end_s=41)],
        confidence=0.9,
    )
    reasons = ["fps", "no_face_share"]
    words = [{"en": "stutters"}, {"en": "nobody to be seen"}]
    found = {"findings": [*quality.findings, nobody], "reasons": reasons, "words": words}
    store.put(ref.quality, quality.model_copy(update=found).canonical())
    details = {"answer": ref.answer, "attempt": 1, "verdict": quality.verdict, "reasons": reasons}
    with portal.changes() as tx:
        tx.process_log.append(interview, EventType.ANSWER_CHECKED, details)
    return ref


def test_face_findings_go_from_the_report_the_process_log_and_its_events(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    ref = faces_found(interview, database, store)
    before = Quality.parse(store.get(ref.quality))
    give(client, interview, without("face"))
    for _ in range(2):
        withdrawal.forget(interview, analysis_app, modules=modules("transcript"))
    after = Quality.parse(store.get(ref.quality))
    assert after.findings[:-1] == before.findings[:-1]
    assert (after.findings[-1].level, after.findings[-1].value) == ("not_measured", None)
    assert after.findings[-1].ranges == []
    assert (after.verdict, after.reasons) == ("usable_with_warnings", ["fps"])
    assert after.words == [{"en": "stutters"}]
    (checked,) = [d for kind, d in log(database, interview) if kind == EventType.ANSWER_CHECKED]
    assert checked["reasons"] == ["fps"]
    for stored in store.listing(f"events/{interview}/"):
        assert b"no_face_share" not in store.get(stored.key)


def test_a_check_under_a_consent_taken_back_meanwhile_is_done_again_without_faces(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    ref = faces_found(interview, database, store)
    set_up(quality_app, analysis_app.clock)
    give(client, interview, without("face"))
    with pytest.raises(Unavailable, match="changed while it was checked"):
        record_quality(ref, Quality.parse(store.get(ref.quality)), ALL, quality_app)
    assembly = hashlib.sha256(store.get(ref.assembly)).hexdigest()
    quality = Quality.parse(store.get(ref.quality))
    inputs = {"assembly": assembly, "camera": quality.inputs["camera"]}
    store.put(ref.quality, quality.model_copy(update={"inputs": inputs}).canonical())
    check(ref, quality_app)
    assert Quality.parse(store.get(ref.quality)).reasons == ["fps"]


def test_a_demand_to_record_again_stays_and_no_longer_says_that_it_was_for_the_face(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    ref = faces_found(interview, database, store)
    quality = Quality.parse(store.get(ref.quality))
    only_face = quality.findings[-1].model_copy(update={"level": "re_record"})
    asked = {"verdict": "re_record", "reasons": ["no_face_share"], "findings": [only_face]}
    kept = without_faces(quality.model_copy(update=asked))
    assert (kept.verdict, kept.reasons, kept.words) == ("re_record", [], [])


def test_a_lost_notification_is_healed_by_the_sweep(
    client: FunctionClient,
    analysis: FunctionClient,
    interview: str,
    store: ObjectStore,
    clock: SettableClock,
) -> None:
    give(client, interview, without("ai_scoring"))
    analysis.tick("sweep")
    assert store.head(keys.scorecard(interview)) is not None, "its own event may still come"
    clock.advance(timedelta(minutes=10))
    analysis.tick("sweep")
    assert store.head(keys.scorecard(interview)) is None


def test_while_something_is_to_be_forgotten_nothing_is_scored(
    client: FunctionClient, analysis: FunctionClient, database: Database
) -> None:
    from functions.analysis.score import score_if_complete

    (interview,) = invite(database, ["王芳"])
    give(client, interview, ALL)
    with database.begin() as tx:
        for state in (InterviewState.OPENED, InterviewState.IN_PROGRESS, InterviewState.SUBMITTED):
            tx.interviews.move(interview, state)
        for answer in ("coordination", "sheet"):
            ref = AttemptRef(interview, answer, 1)
            tx.interviews.start_attempt(interview, answer)
            tx.interviews.seal_attempt(ref, "0" * 64)
            for to in ("assembled", "checked", "analysed"):
                tx.interviews.move_answer(ref, to)
    give(client, interview, without("ai_scoring"))
    with pytest.raises(Unavailable, match="being forgotten"):
        score_if_complete(interview, analysis_app)
    withdrawal.forget(interview, analysis_app)
    score_if_complete(interview, analysis_app)
    with database.begin() as tx:
        assert tx.interviews.get(interview).state == InterviewState.HUMAN_REVIEW


def test_a_withdrawal_of_somebody_else_s_key_is_refused(analysis: FunctionClient) -> None:
    assert analysis.objects("uploads/itv_67lsatsizmhzlb2w7vwy/x/withdrawal.json") == []


def test_when_it_is_over_consents_can_be_taken_back_and_not_given(
    client: FunctionClient, interview: str, database: Database
) -> None:
    with database.begin() as tx:
        assert tx.interviews.move(interview, InterviewState.DECIDED)
    give(client, interview, without("face"))
    headers = {"authorization": f"Bearer {candidate_token(interview)}"}
    refused = client.put("/v1/candidate/consents", ALL.model_dump(), **headers)
    assert (refused.status, refused.json()["code"]) == (409, "interview_closed")


def test_by_the_page_s_own_button_without_a_script(
    client: FunctionClient, interview: str, database: Database
) -> None:
    url = f"/i/{candidate_token(interview)}"
    page = client.get(f"{url}?lang=en").text
    assert page.count(f'action="{url}/withdrawals"') == 4
    answer = client.form(f"{url}/withdrawals", "lang=en&purpose=face")
    assert answer.status == 303
    assert (
        "Your choices are saved." in client.get(answer.headers["location"].partition("#")[0]).text
    )
    with database.begin() as tx:
        assert tx.interviews.consents(interview) == without("face")
    for nonsense in ("purpose=", "purpose=%00", "purpose=everything", ""):
        assert client.form(f"{url}/withdrawals", nonsense).status == 303
    with database.begin() as tx:
        assert tx.interviews.consents(interview) == without("face")
