"""analysis.json and the one interface that every analysis module implements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field, StringConstraints

from greenroom.domain.asked import Asked
from greenroom.domain.model import Document, Seconds, Sha256, Share, Slug
from greenroom.domain.policy import Inference
from greenroom.domain.template import TrackName

ENTRY_POINTS = "greenroom.analysis"
"""The entry-point group in which modules register."""

LACKS = (
    *(
        "module_not_installed",
        "module_version_differs",
        "no_consent",
        "no_track",
        "no_sound",
        "no_picture",
    ),
    *("too_short", "no_speech", "no_words"),
    *("no_model", "model_missing", "model_incomplete", "model_unknown", "model_refused"),
    *("engine_not_installed", "engine_failed", "engine_too_slow"),
    *("module_failed", "no_answer", "not_in_template", "not_in_version", "not_in_mapping"),
    "policy_forbids",
)
"""Codes of why something was not measured; each has its text in the reader's languages (``reason.<code>``).

A module that is not ours may bring codes of its own; of those the reason is shown as it is.
"""


class Observation(Document):
    """One thing seen or heard: a value over a time range, in seconds from the recording's start.

    `kind` is the feature's name (`speech`, `pause`, `speech_share`, `face_presence`); `n` is the number of
    samples (frames, windows) behind it; `confidence` 0–1.
    """

    kind: Slug
    start_s: Seconds
    end_s: Seconds
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    confidence: Share
    n: Annotated[int, Field(ge=0)]


def is_version(installed: str, pinned: str) -> bool:
    """Whether a module of version `installed` is what `pinned` asks for.

    What follows a plus in `installed` names the model, which a pin may leave open: the report has its digest.
    """
    return pinned in (installed, installed.partition("+")[0])


def in_order(observations: Iterable[Observation]) -> list[Observation]:
    """Sorted by kind and time, times rounded to milliseconds, values to 4 decimals, confidence to 2.

    The same findings give the same bytes, also where the last bits of floating point differ.
    """
    rounded = [
        item.model_copy(
            update={
                "start_s": round(item.start_s, 3),
                "end_s": round(item.end_s, 3),
                "value": round(item.value, 4),
                "confidence": round(item.confidence, 2),
            }
        )
        for item in observations
    ]
    return sorted(rounded, key=lambda item: (item.kind, item.start_s, item.end_s, item.value))


class Waveform(Document):
    """How loud the sound is over time, for a reviewer's eye: each `step_s` seconds' peak, 0–100 % of full scale."""

    step_s: Annotated[float, Field(gt=0)]
    peaks: Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(max_length=1500)]


class Utterance(Document):
    """What was said without a longer pause, as a speech-to-text engine heard it.

    `language` is an ISO 639 code where the engine tells it; `confidence` is the engine's own, 0–1.
    """

    start_s: Seconds
    end_s: Seconds
    text: Annotated[str, StringConstraints(max_length=20_000)]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    confidence: Share


@dataclass(frozen=True)
class Findings:
    """What a module brings home: observations and, where it has them, what a reviewer looks at beside the clips."""

    observations: list[Observation]
    waveform: Waveform | None = None
    transcript: tuple[Utterance, ...] = ()


class ModuleResult(Document):
    """What one module found on one attempt, with everything needed to find it again.

    `status` is `ok`, `not_measured` or `failed`; the latter two with a stable `code` (one of `LACKS`, None in
    reports from before there were codes) and a `reason` in words.
    There is no version where the module did not come to run. `withheld` are the kinds that the interview's
    policy forbids: they were not measured, and nobody can ask for them. `waveform` and `transcript` come with
    the observations and go with them, when a consent is taken back.
    """

    module: Slug
    version: str | None = None
    model_digest: Sha256 | None = None
    status: Literal["ok", "not_measured", "failed"]
    code: Slug | None = None
    reason: str | None = None
    withheld: list[Slug] = []
    observations: list[Observation] = []
    waveform: Waveform | None = None
    transcript: list[Utterance] = []


class Analysis(Document):
    """All modules' results on one attempt.

    `inputs` are the recordings' digests by track; `tool` is the ffmpeg that decoded them; `policy` is the
    policy under which the modules ran, as ``id/version``.
    """

    interview: str
    answer: str
    attempt: Annotated[int, Field(ge=1)]
    inputs: dict[str, Sha256]
    tool: str
    policy: str | None = None
    modules: list[ModuleResult]


class AnalysisModule(Protocol):
    """A module: a class without arguments, registered under its name in `ENTRY_POINTS`.

    `purpose` is the consent it needs; `tracks` the tracks it looks at; `provides` the kinds it can observe.
    """

    name: str
    version: str
    purpose: Literal["recording", "transcript", "face"]
    tracks: tuple[TrackName, ...]
    provides: tuple[str, ...]

    def model_digest(self) -> str | None:
        """SHA-256 of the model's bytes, None where there is no model."""

    def self_test(self) -> None:
        """Raise when the module, on a golden input that it carries, does not find what is there.

        Raises `NotMeasured` where it cannot run at all, e.g. because nobody gave it a model; it is asked again.
        """

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        """Observations on local copies of the recordings. Raises `NotMeasured` with the reason."""


@runtime_checkable
class InferringModule(AnalysisModule, Protocol):
    """A module some of whose kinds are conclusions that a policy may forbid.

    `inferences` names them; `observe_without` does not compute what is forbidden.
    """

    inferences: Mapping[str, Inference]

    def observe_without(
        self, recordings: Mapping[TrackName, Path], forbidden: frozenset[Inference]
    ) -> list[Observation]:
        """As `observe`, without the kinds whose inference is forbidden."""


@runtime_checkable
class InformedModule(AnalysisModule, Protocol):
    """A module that needs to know what was asked, or that brings more than observations.

    One that is an `InferringModule` too is called as such.
    """

    def findings(self, recordings: Mapping[TrackName, Path], asked: Asked) -> Findings:
        """As `observe`, for the answer to what was `asked`."""


class NotMeasured(Exception):
    """A module could not measure this recording. The reason is for people, `code` (see `LACKS`) for programs."""

    def __init__(self, reason: str, *, code: str) -> None:
        super().__init__(reason)
        self.code = code
