"""An interview that went through the pipeline: its rows, and the documents that each stage leaves in the store."""

from __future__ import annotations

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.analysis import Analysis, ModuleResult, Observation
from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.events import EventType
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest, Marker, Part, Segment, TrackManifest
from greenroom.domain.mapping import shipped_mapping
from greenroom.domain.quality import Finding, Quality, TimeRange
from greenroom.domain.scoring import ScoredAnswer, score_interview
from tests.seeded import MODEL, TEMPLATE

DIGEST = "0" * 64


def record(
    interview: str, database: Database, store: ObjectStore, recording: bytes = b"recording"
) -> None:
    """The first answer assembled with a gap, checked, analysed and scored; the second not given."""
    ref = AttemptRef(interview, "coordination", 1)
    with database.begin() as tx:
        for state in (InterviewState.OPENED, InterviewState.IN_PROGRESS):
            assert tx.interviews.move(interview, state)
        tx.interviews.start_attempt(interview, "coordination")
        assert tx.interviews.seal_attempt(ref, DIGEST)
        for answer_state in (AnswerState.ASSEMBLED, AnswerState.CHECKED, AnswerState.ANALYSED):
            assert tx.interviews.move_answer(ref, answer_state)
        assert tx.interviews.move(interview, InterviewState.SUBMITTED)
        assert tx.interviews.move(interview, InterviewState.SCORED)
        tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
        tx.process_log.append(interview, EventType.ANSWER_SEALED, {"answer": "coordination"})
    store.put(ref.recording("camera", "webm"), recording, "video/webm")
    _store_documents(ref, store)


def _store_documents(ref: AttemptRef, store: ObjectStore) -> None:
    part = Part(part=0, size=9, sha256=DIGEST, start_ms=0, end_ms=95_200)
    segment = Segment(segment=0, mime_type="video/webm", parts=[part])
    manifest = Manifest(
        tracks=[TrackManifest(track="camera", segments=[segment])],
        markers=[Marker(at_ms=61_500, note="Hard part <b>")],
    )
    store.put(ref.manifest, manifest.canonical())
    gap = Gap(cause="part_missing", segment=0, parts=[3], start_ms=30_000, end_ms=32_000)
    track = AssembledTrack(
        track="camera",
        status="gaps",
        recording=ref.recording("camera", "webm"),
        size=9,
        sha256=DIGEST,
        duration_s=95.2,
        gaps=[gap],
    )
    assembly = Assembly(
        interview=ref.interview,
        answer=ref.answer,
        attempt=1,
        manifest_sha256=DIGEST,
        tool="test",
        tracks=[track],
    )
    fps = Finding(
        code="fps",
        track="camera",
        level="warning",
        value=17.25,
        unit="fps",
        target=25,
        floor=10,
        ranges=[TimeRange(start_s=62, end_s=75)],
    )
    quality = Quality(
        interview=ref.interview,
        answer=ref.answer,
        attempt=1,
        verdict="usable_with_warnings",
        reasons=["fps"],
        findings=[fps],
        inputs={"camera": DIGEST},
        tool="test",
    )

    def observed(kind: str, start_s: float, end_s: float, value: float, unit: str) -> Observation:
        return Observation(
            kind=kind, start_s=start_s, end_s=end_s, value=value, unit=unit, confidence=0.9, n=100
        )

    speech = ModuleResult(
        module="speech",
        version="1.0",
        status="ok",
        observations=[
            observed("speech_share", 0, 95, 0.7, "share"),
            observed("long_pauses_per_min", 0, 95, 2, "1/min"),
            observed("speech", 3, 21.5, 1, "s"),
            observed("pause", 135, 139, 1, "s"),
        ],
    )
    analysis = Analysis(
        interview=ref.interview,
        answer=ref.answer,
        attempt=1,
        inputs={},
        modules=[speech],
        tool="test",
    )
    answers = [ScoredAnswer(TEMPLATE.questions[0], quality, analysis, DIGEST)]
    card = score_interview(ref.interview, MODEL, shipped_mapping(), answers)
    for at, document in (
        (ref.assembly, assembly),
        (ref.quality, quality),
        (ref.analysis, analysis),
        (keys.scorecard(ref.interview), card),
    ):
        store.put(at, document.canonical())
