"""Interview templates (A1): what is asked, under which limits, and when a recording is good enough."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from greenroom.domain.entry import EntryRules
from greenroom.domain.mapping import MappingVersion
from greenroom.domain.model import Document, LocalizedText, Seconds, Slug

TrackName = Literal["camera", "screen"]
FOLLOW_UP = "-follow-up"
MAX_ID = 64
Scenario = Literal["screening", "skills", "values"]
SpokenLanguage = Literal["zh", "yue", "en", "ja", "ko"]
"""ISO 639: Mandarin, Cantonese, English, Japanese, Korean."""
ModuleWish = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}(==[0-9][0-9A-Za-z.+-]{0,63})?$")
]
"""An analysis module by its name (`vision`: whichever version is installed), or pinned (`vision==0.4.0`)."""


class Question(Document):
    """One question; its id is the answer's id in keys, events and reports.

    `language_required`: the language that the answer must be given in (须使用普通话), checked on the recording.
    """

    id: Slug
    text: LocalizedText
    hint: LocalizedText | None = None
    competencies: Annotated[list[Slug], Field(max_length=10)] = []
    tracks: Annotated[list[TrackName], Field(min_length=1, max_length=2)] = ["camera"]
    think_s: Seconds = 0
    min_s: Seconds = 0
    max_s: Annotated[float, Field(gt=0, le=7200)] = 180
    takes: Annotated[int, Field(ge=1, le=20)] = 1
    language_required: SpokenLanguage | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_s >= self.max_s:
            raise ValueError(f"question {self.id}: min_s must be below max_s")
        if len(set(self.tracks)) != len(self.tracks) or "camera" not in self.tracks:
            raise ValueError(
                f"question {self.id}: tracks must hold camera once, and screen at most once"
            )
        return self


def follow_up_id(question: str) -> str:
    """The id of the follow-up to `question`, and of the answer to it."""
    return question + FOLLOW_UP


class Tier(Document):
    """A target and a floor. Worse than the target is a warning, worse than the floor a re-record.

    Either may be absent: no floor means that this measure never asks for a re-record by itself.
    Which side is worse follows from the measure (fewer frames, more silence).
    """

    target: float | None = None
    floor: float | None = None


class QualityTiers(Document):
    """When a recording is usable. Units in the names; shares are of the recording's duration.

    `snr_db`: signal-to-noise ratio; real rooms give 25-50, so 40 is a target and no floor. `av_offset_s`,
    `av_drift_s`: ITU-R BT.1359 puts what viewers accept at 0.19 s of late and 0.09 s of early sound.
    """

    fps: Tier = Tier(target=25, floor=10)
    height_px: Tier = Tier(target=720, floor=240)
    screen_height_px: Tier = Tier(target=1080, floor=720)
    black_share: Tier = Tier(target=0.02, floor=0.5)
    covered_share: Tier = Tier(target=0.02, floor=0.5)
    frozen_share: Tier = Tier(target=0.1, floor=0.8)
    blur_share: Tier = Tier(target=0.05, floor=0.5)
    low_light_share: Tier = Tier(target=0.1)
    no_face_share: Tier = Tier(target=0.1, floor=0.8)
    several_faces_share: Tier = Tier(target=0.02)
    silence_share: Tier = Tier(target=0.6, floor=0.98)
    clipping_share: Tier = Tier(target=0.02, floor=0.5)
    loudness_lufs: Tier = Tier(target=-35, floor=-60)
    snr_db: Tier = Tier(target=40, floor=5)
    av_offset_s: Tier = Tier(target=0.19, floor=2)
    av_drift_s: Tier = Tier(target=0.19)
    lost_share: Tier = Tier(target=0.0, floor=0.5)


class Template(Document):
    """A scenario ready to be sent. HR can copy and edit it. `mapping` is what its interviews are scored by.

    `development`: candidates are asked whether, when they are hired, their gaps may go to the training and
    performance systems as a development plan and improvement goals.
    """

    id: Slug
    version: Annotated[int, Field(ge=1)] = 1
    scenario: Scenario
    name: LocalizedText
    questions: Annotated[list[Question], Field(min_length=1, max_length=50)]
    entry: EntryRules = EntryRules()
    quality: QualityTiers = QualityTiers()
    mapping: MappingVersion = "v1"
    analysis: Annotated[list[ModuleWish], Field(max_length=20)] = ["speech", "vision", "language"]
    development: bool = False

    @property
    def modules(self) -> dict[str, str | None]:
        """The analysis modules by name, each with the version that it is pinned to, None for any."""
        split = (wish.partition("==") for wish in self.analysis)
        return {name: version or None for name, _, version in split}

    @model_validator(mode="after")
    def _modules_are_distinct(self) -> Self:
        if len(self.modules) != len(self.analysis):
            raise ValueError("analysis names a module twice")
        return self

    @model_validator(mode="after")
    def _questions_are_distinct(self) -> Self:
        ids = [question.id for question in self.questions]
        if len(set(ids)) != len(ids):
            raise ValueError("two questions have the same id")
        if self.entry.follow_ups:
            long = [name for name in ids if len(name) + len(FOLLOW_UP) > MAX_ID]
            taken = {follow_up_id(name) for name in ids}.intersection(ids)
            if long or taken:
                unfit = ", ".join(sorted([*long, *taken]))
                raise ValueError(f"no follow-up can be named after or beside {unfit}")
        return self

    def question(self, answer: str) -> Question:
        """The question that `answer` answers. Raises KeyError."""
        for question in self.questions:
            if question.id == answer:
                return question
        raise KeyError(answer)


@cache
def shipped_template(scenario: Scenario) -> Template:
    """The template of a scenario that comes with the product, to be used as it is or copied."""
    path = resources.files("greenroom.domain") / "templates" / f"{scenario}.json"
    return Template.parse(path.read_bytes(), what=f"template {scenario}")


def shipped_templates() -> list[Template]:
    """One per scenario."""
    return [shipped_template(scenario) for scenario in get_args(Scenario)]
