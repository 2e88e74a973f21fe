"""upload_url: attempts, policies, sealing, receipts and submission, over the pocket store and a database."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.upload_url.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.assembly import AssembledTrack, Assembly
from greenroom.domain.consent import Consents
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest, TrackManifest
from tests.attempt_fixtures import post_part, segment_of
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, candidate_token, invite, set_up

ATTEMPTS = "/v1/candidate/answers/coordination/attempts"
PIECES = [b"first part", b"second part", b"third"]


class Candidate:
    """A candidate who has opened the link and agreed to be recorded."""

    def __init__(self, database: Database, store: ObjectStore, interview: str) -> None:
        self.database, self.store, self.interview = database, store, interview
        self.client = FunctionClient(app, authorization=f"Bearer {candidate_token(interview)}")

    def open(self, *, recording: bool = True) -> None:
        with self.database.begin() as tx:
            tx.interviews.move(self.interview, InterviewState.OPENED)
            tx.interviews.give_consents(self.interview, Consents(recording=recording))

    def start(self, answer: str = "coordination") -> dict[str, Any]:
        answered = self.client.post(f"/v1/candidate/answers/{answer}/attempts")
        assert answered.status == 201, answered.text
        return dict(answered.json())

    def upload(
        self, started: dict[str, Any], pieces: list[bytes] = PIECES, *, skip: int | None = None
    ) -> dict[str, Any]:
        """Send the same pieces for every track; the manifest."""
        for upload in started["uploads"].values():
            for number, piece in enumerate(pieces):
                if number != skip:
                    assert (
                        post_part(upload, f"{upload['key_prefix']}0000/{number:06d}", piece) < 300
                    )
        return self.manifest(list(started["uploads"]), pieces)

    @staticmethod
    def manifest(tracks: list[str], pieces: list[bytes] = PIECES) -> dict[str, Any]:
        listed = [
            TrackManifest(track=track, segments=[segment_of(pieces)])  # type: ignore[arg-type]
            for track in tracks
        ]
        return Manifest(tracks=listed).model_dump(mode="json")

    def complete(
        self, attempt: int, manifest: dict[str, Any], query: str = "", answer: str = "coordination"
    ) -> Answer:
        url = f"/v1/candidate/answers/{answer}/attempts/{attempt}/complete{query}"
        return self.client.post(url, manifest)

    def give(self, answer: str) -> int:
        started = self.start(answer)
        manifest = self.upload(started)
        assert self.complete(started["attempt"], manifest, answer=answer).status == 202
        return int(started["attempt"])

    def submit(self) -> Answer:
        return self.client.post("/v1/candidate/submission")

    def state(self) -> InterviewState:
        with self.database.begin() as tx:
            return tx.interviews.get(self.interview).state

    def move(self, to: InterviewState) -> None:
        with self.database.begin() as tx:
            assert tx.interviews.move(self.interview, to)

    def log(self) -> list[str]:
        with self.database.begin() as tx:
            return [str(row.type) for row in tx.process_log.list(self.interview)]

    def settle(self, answer: str, to: AnswerState) -> None:
        """Move an answer along as the pipeline would."""
        with self.database.begin() as tx:
            ref = AttemptRef(
                self.interview, answer, tx.interviews.answer(self.interview, answer).attempt
            )
            assert tx.interviews.move_answer(ref, AnswerState.ASSEMBLED)
            assert tx.interviews.move_answer(ref, to)


@pytest.fixture
def clock(platform: None) -> Iterator[SettableClock]:
    clock = SettableClock()
    set_up(app, clock)
    yield clock
    set_up(app)


@pytest.fixture
def candidate(clock: SettableClock, database: Database, store: ObjectStore) -> Candidate:
    (interview,) = invite(database)
    candidate = Candidate(database, store, interview)
    candidate.open()
    return candidate


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    problem = dict(answer.json())
    assert (answer.status, problem["code"]) == (status, code), answer.text
    return problem


def test_an_attempt_gets_one_policy_per_track(candidate: Candidate) -> None:
    started = candidate.start("sheet")
    assert set(started["uploads"]) == {"camera", "screen"}
    ref = AttemptRef(candidate.interview, "sheet", 1)
    assert started["uploads"]["screen"]["key_prefix"] == ref.track_prefix("screen")
    assert candidate.log() == ["interview.started", "answer.started"]
    assert candidate.state() == InterviewState.IN_PROGRESS
    assert candidate.start("sheet")["attempt"] == 2
    assert candidate.log()[2:] == ["answer.started"], "the interview starts once"


def test_the_policy_allows_parts_of_this_attempt_and_nothing_else(candidate: Candidate) -> None:
    upload = candidate.start()["uploads"]["camera"]
    prefix = upload["key_prefix"]
    assert post_part(upload, f"{prefix}0000/000000", b"x") < 300
    assert post_part(upload, prefix.replace("/1/", "/2/") + "0000/000000", b"x") == 403
    assert post_part(upload, "recordings/forged.webm", b"x") == 403
    assert post_part(upload, f"{prefix}0000/000001", b"") in (400, 403)
    assert post_part(upload, f"{prefix}0000/000001", b"x", "text/html") == 403


def test_before_the_link_is_opened_nothing_can_be_recorded(
    clock: SettableClock, database: Database, store: ObjectStore
) -> None:
    (interview,) = invite(database)
    candidate = Candidate(database, store, interview)
    refused(candidate.client.post(ATTEMPTS), 409, "interview_not_open")


def test_without_consent_nothing_is_recorded(candidate: Candidate) -> None:
    with candidate.database.begin() as tx:
        tx.interviews.give_consents(candidate.interview, Consents(recording=False))
    refused(candidate.client.post(ATTEMPTS), 403, "consent_missing")


def test_after_the_deadline_nothing_starts_but_what_was_recorded_still_arrives(
    candidate: Candidate, clock: SettableClock
) -> None:
    started = candidate.start()
    clock.advance(timedelta(days=3, minutes=1))
    candidate.client = FunctionClient(
        app, authorization=f"Bearer {candidate_token(candidate.interview, days=9)}"
    )
    refused(candidate.client.post(ATTEMPTS), 409, "deadline_passed")
    assert candidate.client.post(f"{ATTEMPTS}/1/uploads").status == 200
    assert candidate.complete(1, candidate.upload(started)).status == 202


def test_takes_are_counted_when_they_are_sealed(candidate: Candidate) -> None:
    started = [candidate.start("sheet") for _ in range(3)]
    manifests = [candidate.upload(item) for item in started]
    assert candidate.complete(2, manifests[1], answer="sheet").status == 202
    refused(candidate.complete(3, manifests[2], answer="sheet"), 409, "no_takes_left")
    refused(candidate.client.post("/v1/candidate/answers/sheet/attempts"), 409, "no_takes_left")


def test_a_refused_answer_may_be_handed_in_once(candidate: Candidate) -> None:
    """Who cannot do better is not stuck; when HR's system has asked again, the answer is owed."""
    candidate.give("sheet")
    candidate.give("coordination")
    candidate.settle("sheet", AnswerState.RE_RECORD)
    assert candidate.submit().status == 202
    candidate.move(InterviewState.RE_RECORD)
    assert refused(candidate.submit(), 409, "answers_missing")["answers"] == ["sheet"]


def test_a_re_record_that_broke_off_can_be_started_again(candidate: Candidate) -> None:
    candidate.give("sheet")
    candidate.give("coordination")
    assert candidate.submit().status == 202
    candidate.settle("sheet", AnswerState.RE_RECORD)
    candidate.move(InterviewState.RE_RECORD)
    refused(candidate.client.post(ATTEMPTS), 409, "not_asked_again")
    assert candidate.start("sheet")["attempt"] == 2
    assert candidate.start("sheet")["attempt"] == 3, "the page was closed in between"
    refused(candidate.submit(), 409, "answers_missing")
    candidate.give("sheet")
    assert candidate.submit().status == 202


def test_an_unknown_answer_and_an_altered_token_are_clear_errors(candidate: Candidate) -> None:
    unknown = candidate.client.post("/v1/candidate/answers/other/attempts")
    refused(unknown, 404, "unknown_answer")
    token = candidate_token(candidate.interview)
    altered = FunctionClient(app, authorization=f"Bearer {token[:-4]}AAAA")
    refused(altered.post(ATTEMPTS), 401, "token_invalid")
    refused(FunctionClient(app).post(ATTEMPTS), 401, "credential_missing")


def test_another_candidates_attempt_does_not_exist_for_me(
    candidate: Candidate, database: Database
) -> None:
    candidate.start()
    *_, other = invite(database, ["李明", "王芳"])
    stranger = Candidate(database, candidate.store, other)
    stranger.open()
    refused(stranger.complete(1, stranger.manifest(["camera"])), 404, "unknown_attempt")
    refused(stranger.client.get(f"{ATTEMPTS}/1"), 404, "unknown_attempt")
    for number in ("0", "1000", "-1", "x", "1x"):
        refused(candidate.client.get(f"{ATTEMPTS}/{number}"), 404, "unknown_attempt")


def test_sealing_twice_answers_alike_and_another_manifest_is_refused(candidate: Candidate) -> None:
    started = candidate.start()
    manifest = candidate.upload(started)
    first, again = candidate.complete(1, manifest), candidate.complete(1, manifest)
    assert (first.status, first.text) == (202, again.text)
    assert again.status == 202
    ref = AttemptRef(candidate.interview, "coordination", 1)
    stored = Manifest.parse(candidate.store.get(ref.manifest))
    assert stored.model_dump(mode="json") == manifest
    other = candidate.manifest(["camera"], PIECES[:2])
    refused(candidate.complete(1, other), 409, "manifest_differs")
    assert candidate.store.get(ref.manifest) == stored.canonical()
    assert candidate.log().count("answer.sealed") == 1
    refused(candidate.client.post(f"{ATTEMPTS}/1/uploads"), 409, "attempt_sealed")


def test_parts_that_were_never_uploaded_are_named_and_can_be_sent(candidate: Candidate) -> None:
    started = candidate.start()
    manifest = candidate.upload(started, skip=1)
    problem = refused(candidate.complete(1, manifest), 422, "parts_missing")
    part = {"track": "camera", "segment": 0, "part": 1, "size": 11, "stored_size": None}
    assert (problem["count"], problem["parts"]) == (1, [part])
    renewed = candidate.client.post(f"{ATTEMPTS}/1/uploads").json()["uploads"]["camera"]
    assert post_part(renewed, f"{renewed['key_prefix']}0000/000001", PIECES[1]) < 300
    assert candidate.complete(1, manifest).status == 202


def test_a_part_of_another_size_is_named(candidate: Candidate) -> None:
    started = candidate.start()
    manifest = candidate.upload(started)
    upload = started["uploads"]["camera"]
    assert post_part(upload, f"{upload['key_prefix']}0000/000002", b"other size") < 300
    problem = refused(candidate.complete(1, manifest), 422, "parts_missing")
    assert problem["parts"][0]["stored_size"] == 10


def test_gaps_can_be_accepted(candidate: Candidate) -> None:
    manifest = candidate.upload(candidate.start(), skip=1)
    assert candidate.complete(1, manifest, "?accept_gaps=true").status == 202


def test_the_manifests_tracks_must_be_the_attempts(candidate: Candidate) -> None:
    started = candidate.start("sheet")
    candidate.upload(started)
    only_camera = candidate.manifest(["camera"])
    problem = refused(candidate.complete(1, only_camera, answer="sheet"), 422, "tracks_differ")
    assert problem["tracks"] == ["camera", "screen"]
    given_up = candidate.complete(1, only_camera, "?accept_gaps=true", answer="sheet")
    assert given_up.status == 202
    candidate.start()
    too_many = candidate.manifest(["camera", "screen"])
    refused(candidate.complete(1, too_many, "?accept_gaps=true"), 422, "tracks_differ")


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": 65 * 2**20},
        {"part": -1},
        {"part": 20_000},
        {"sha256": "AB" * 32},
        {"start_ms": 900, "end_ms": 100},
        {"key": "recordings/x"},
    ],
)
def test_a_manifest_that_cannot_be_is_refused(candidate: Candidate, change: dict[str, Any]) -> None:
    manifest = candidate.upload(candidate.start())
    manifest["tracks"][0]["segments"][0]["parts"][0] |= change
    refused(candidate.complete(1, manifest), 422, "invalid_document")


@pytest.mark.parametrize(
    ("where", "how"),
    [
        ("parts", "twice"),
        ("parts", "reversed"),
        ("segments", "twice"),
        ("segments", "reversed"),
        ("tracks", "twice"),
    ],
)
def test_what_is_listed_twice_or_out_of_order_is_refused(
    candidate: Candidate, where: str, how: str
) -> None:
    manifest = candidate.manifest(["camera"])
    segments = manifest["tracks"][0]["segments"]
    segments.append({**segments[0], "segment": 1})
    listed = {
        "parts": segments[0]["parts"],
        "segments": segments,
        "tracks": manifest["tracks"],
    }[where]
    if how == "twice":
        listed.append(listed[-1])
    else:
        listed.reverse()
    candidate.start()
    refused(candidate.complete(1, manifest, "?accept_gaps=true"), 422, "invalid_document")


def test_an_attempt_above_the_limit_is_refused(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_UPLOADS__MAX_BYTES", "25")
    set_up(app, app.clock)  # type: ignore[arg-type]
    manifest = candidate.upload(candidate.start())
    refused(candidate.complete(1, manifest), 413, "attempt_too_large")


def test_a_kill_between_object_and_row_is_healed_by_the_retry(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = candidate.upload(candidate.start())
    ref = AttemptRef(candidate.interview, "coordination", 1)
    candidate.store.put(ref.manifest, Manifest.model_validate(manifest).canonical())
    assert candidate.complete(1, manifest).status == 202
    with candidate.database.begin() as tx:
        assert tx.interviews.attempt(ref).state == "sealed"


def test_the_object_is_the_sealed_manifest_even_if_another_was_written_over_it(
    candidate: Candidate,
) -> None:
    manifest = candidate.upload(candidate.start())
    assert candidate.complete(1, manifest).status == 202
    ref = AttemptRef(candidate.interview, "coordination", 1)
    sealed = candidate.store.get(ref.manifest)
    candidate.store.put(ref.manifest, b"what a slower client wrote")
    assert candidate.complete(1, manifest).status == 202
    assert candidate.store.get(ref.manifest) == sealed


def test_the_receipt_tells_digest_size_and_loss(candidate: Candidate) -> None:
    candidate.give("coordination")
    ref = AttemptRef(candidate.interview, "coordination", 1)
    waiting = candidate.client.get(f"{ATTEMPTS}/1").json()
    assert (waiting["state"], waiting["receipt"]) == ("sealed", None)
    track = AssembledTrack(
        track="camera", status="complete", size=5, sha256="ab" * 32, duration_s=1.5
    )
    assembly = Assembly(
        interview=ref.interview,
        answer=ref.answer,
        attempt=1,
        manifest_sha256=waiting["manifest_sha256"],
        tool="test",
        tracks=[track],
    )
    candidate.store.put(ref.assembly, assembly.canonical())
    read = candidate.client.get(f"{ATTEMPTS}/1").json()
    assert read["state"] == "assembled"
    assert read["receipt"] == {
        "lost_ms": 0,
        "tracks": {
            "camera": {
                "status": "complete",
                "reason": None,
                "sha256": "ab" * 32,
                "size": 5,
                "duration_s": 1.5,
                "lost_ms": 0,
            }
        },
    }


def test_an_interview_is_submitted_when_every_answer_is_in(candidate: Candidate) -> None:
    problem = refused(candidate.submit(), 409, "answers_missing")
    assert problem["answers"] == ["coordination", "sheet"]
    candidate.give("coordination")
    assert refused(candidate.submit(), 409, "answers_missing")["answers"] == ["sheet"]
    candidate.give("sheet")
    first = candidate.submit()
    assert first.status == 202
    key = keys.submission(candidate.interview)
    body = candidate.store.get(key)
    candidate.store.delete(key)  # as if killed between the row and the object
    again = candidate.submit()
    assert (again.status, again.text) == (202, first.text)
    assert candidate.store.get(key) == body
    assert candidate.log().count("interview.submitted") == 1
    with candidate.database.begin() as tx:
        queued = [mail.message for mail in tx.mails.claim(10, "w", 60)]
    assert queued == ["received"], "once"
    refused(candidate.client.post(ATTEMPTS), 409, "interview_not_open")


def test_a_cancelled_interview_takes_nothing_more(candidate: Candidate) -> None:
    started = candidate.start()
    manifest = candidate.upload(started)
    candidate.move(InterviewState.CANCELLED)
    refused(candidate.complete(1, manifest), 409, "interview_not_open")
    refused(candidate.submit(), 409, "interview_not_open")


def test_every_step_is_published(candidate: Candidate) -> None:
    candidate.give("coordination")
    events = [
        json.loads(candidate.store.get(found.key))["type"]
        for found in candidate.store.listing(f"events/{candidate.interview}/")
    ]
    assert events == ["interview.started", "answer.started", "answer.sealed"]


def test_an_attempt_too_many_leaves_nothing_behind(candidate: Candidate) -> None:
    with candidate.database.begin() as tx:
        for _ in range(999):
            tx.interviews.start_attempt(candidate.interview, "coordination")
    refused(candidate.client.post(ATTEMPTS), 409, "too_many_attempts")
    with candidate.database.begin() as tx, pytest.raises(Exception, match="no attempt 1000"):
        tx.interviews.attempt(AttemptRef(candidate.interview, "coordination", 1000))


def test_a_store_that_is_down_seals_nothing(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = candidate.upload(candidate.start())
    monkeypatch.setenv("GREENROOM_STORE__ENDPOINT", "http://127.0.0.1:9")
    set_up(app, app.clock)  # type: ignore[arg-type]
    refused(candidate.complete(1, manifest), 503, "store_unavailable")
    with candidate.database.begin() as tx:
        ref = AttemptRef(candidate.interview, "coordination", 1)
        assert tx.interviews.attempt(ref).state == "recording"
