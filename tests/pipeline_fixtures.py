"""An interview whose attempts were assembled, as quality_check and analysis find it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.consent import Consents
from greenroom.domain.interview import AnswerState, InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.policy import Policy
from greenroom.domain.quality import Quality
from greenroom.domain.template import Template
from tests.media_fixtures import OPUS, VP8, MediaWorkshop
from tests.seeded import invite

ALL_CONSENTS = Consents(recording=True, transcript=True, face=True, ai_scoring=True)

TEMPLATE = Template.model_validate(
    {
        "id": "two-answers",
        "scenario": "screening",
        "name": {"en": "Two answers"},
        "questions": [
            {"id": "first", "text": {"en": "Who are you?"}, "min_s": 5},
            {"id": "second", "text": {"en": "Why this shop?"}, "min_s": 5},
        ],
    }
)


def talking_face(workshop: MediaWorkshop) -> Path:
    """8.7 s, 320×240, 25 fps: a portrait that sways, and two spoken sentences (both golden inputs of ours)."""
    face = resources.files("greenroom_vision") / "golden" / "face.jpg"
    voice = resources.files("greenroom_speech") / "golden" / "two_sentences.webm"
    sways = "scale=420:-2,crop=320:240:x='50+30*sin(3*t)':y='100+40*sin(2*t)'"
    return workshop.make(
        ".webm",
        ("-loop", "1", "-framerate", "25", "-i", str(face), "-i", str(voice)),
        ("-vf", sways, "-t", "8.7"),
        (*VP8, *OPUS),
    )


@dataclass(frozen=True)
class Pipeline:
    """One interview in a store and a database."""

    store: ObjectStore
    database: Database
    interview: str

    @classmethod
    def start(
        cls,
        store: ObjectStore,
        database: Database,
        *,
        template: Template = TEMPLATE,
        consents: Consents = ALL_CONSENTS,
        policy: Policy | None = None,
    ) -> Pipeline:
        (interview,) = invite(database, template=template, policy=policy)
        with database.begin() as tx:
            tx.interviews.give_consents(interview, consents)
            tx.interviews.move(interview, InterviewState.OPENED)
            tx.interviews.move(interview, InterviewState.IN_PROGRESS)
        return cls(store, database, interview)

    def sealed(self, answer: str) -> AttemptRef:
        """The next attempt at an answer, sealed and not yet assembled."""
        with self.database.begin() as tx:
            row = tx.interviews.start_attempt(self.interview, answer)
            ref = AttemptRef(self.interview, answer, row.attempt)
            tx.interviews.seal_attempt(ref, "0" * 64)
        return ref

    def put_assembly(
        self,
        ref: AttemptRef,
        *,
        camera: Path | None = None,
        screen: Path | None = None,
        refused: dict[str, str] | None = None,
        gaps: tuple[Gap, ...] = (),
    ) -> None:
        """Recordings and assembly.json in the store; `refused` names tracks without a recording and why."""
        tracks = [
            self._recording(ref, name, path, gaps)
            for name, path in (("camera", camera), ("screen", screen))
            if path is not None
        ]
        tracks += [
            AssembledTrack(track=name, status="refused", reason=reason)
            for name, reason in (refused or {}).items()
        ]
        assembly = Assembly(
            interview=ref.interview,
            answer=ref.answer,
            attempt=ref.attempt,
            manifest_sha256="0" * 64,
            tool="test",
            tracks=tracks,
        )
        self.store.put(ref.assembly, assembly.canonical())

    def assembled(self, answer: str, camera: Path | None = None, **more: object) -> AttemptRef:
        """An attempt as chunk_assembly leaves it; arguments as for `put_assembly`."""
        ref = self.sealed(answer)
        self.put_assembly(ref, camera=camera, **more)  # type: ignore[arg-type]
        self.move(ref, AnswerState.ASSEMBLED)
        return ref

    def move(self, ref: AttemptRef, to: AnswerState) -> None:
        with self.database.begin() as tx:
            assert tx.interviews.move_answer(ref, to)

    def submit(self) -> str:
        """The key of submission.json."""
        with self.database.begin() as tx:
            assert tx.interviews.move(self.interview, InterviewState.SUBMITTED)
        self.store.put(keys.submission(self.interview), b"{}")
        return keys.submission(self.interview)

    def state(self) -> InterviewState:
        with self.database.begin() as tx:
            return tx.interviews.get(self.interview).state

    def flags(self) -> list[str]:
        with self.database.begin() as tx:
            return tx.interviews.get(self.interview).flags

    def answer_state(self, answer: str) -> AnswerState:
        with self.database.begin() as tx:
            return tx.interviews.answer(self.interview, answer).state

    def log(self) -> list[str]:
        """Types of the process log's rows, in order."""
        with self.database.begin() as tx:
            return [str(row.type) for row in tx.process_log.list(self.interview)]

    def objects(self) -> dict[str, str]:
        """Every object's SHA-256 by key."""
        return {
            item.key: hashlib.sha256(self.store.get(item.key)).hexdigest()
            for item in self.store.listing("")
        }

    def _recording(
        self, ref: AttemptRef, name: str, path: Path, gaps: tuple[Gap, ...]
    ) -> AssembledTrack:
        key = ref.recording(name, path.suffix[1:])
        self.store.put_file(key, path, "video/webm")
        return AssembledTrack(
            track=name,  # type: ignore[arg-type]
            status="gaps" if gaps else "complete",
            recording=key,
            size=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            gaps=list(gaps),
        )


def put_quality(pipeline: Pipeline, ref: AttemptRef, verdict: str = "usable") -> None:
    """The report that quality_check would write."""
    digests = pipeline.objects()
    report = Quality(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        verdict=verdict,
        reasons=["silence_share"] if verdict == "re_record" else [],
        findings=[],
        inputs={
            "assembly": digests[ref.assembly],
            "camera": digests[ref.recording("camera", "webm")],
        },
        tool="test",
    )
    pipeline.store.put(ref.quality, report.canonical())


def checked(pipeline: Pipeline, answer: str, camera: Path, verdict: str = "usable") -> AttemptRef:
    """An attempt as quality_check leaves it."""
    ref = pipeline.assembled(answer, camera)
    put_quality(pipeline, ref, verdict)
    again = verdict == "re_record"
    pipeline.move(ref, AnswerState.RE_RECORD if again else AnswerState.CHECKED)
    return ref
