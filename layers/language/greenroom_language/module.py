"""The module `language`: a transcript by the company's own model, and what the words show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from greenroom.domain.analysis import Findings, NotMeasured, Observation, in_order
from greenroom.domain.asked import Asked
from greenroom.domain.template import Question, TrackName
from greenroom_language import wording
from greenroom_language.engine_choice import Choice, choice
from greenroom_language.golden import golden
from greenroom_language.process import running
from greenroom_language.said import Said, said
from greenroom_language.settings import Settings, TranscriptSettings
from greenroom_language.stretches import AROUND_S, sounds, spoken_stretches
from greenroom_media.probe import probe
from greenroom_speech.activity import WINDOW_S

if TYPE_CHECKING:
    from greenroom_media.recording import Recording

START_S = 120.0
"""Seconds that an engine has to load its model, besides what the answer's length gives it."""


class LanguageModule:
    """Words are counted and found, never judged: cue words show how an answer is built, keywords what it names."""

    name = "language"
    purpose: Literal["recording", "transcript", "face"] = "transcript"
    tracks: tuple[TrackName, ...] = ("camera",)
    provides = wording.PROVIDES

    def __init__(
        self, settings: TranscriptSettings | None = None, *, start_s: float = START_S
    ) -> None:
        self._given = settings
        self._start_s = start_s

    @property
    def version(self) -> str:
        """Ours, and the engine's where there is one."""
        try:
            return f"1.0.0+{self._choice().name}"
        except NotMeasured:
            return "1.0.0"

    def model_digest(self) -> str | None:
        return self._choice().digest

    def self_test(self) -> None:
        """Half the words of the golden recording are understood.

        Raises `NotMeasured` without a model, or with one that its engine cannot use.
        """
        chosen = self._choice()
        wanted = golden(chosen.golden)
        with running(chosen.command, wall_s=self._start_s) as engine:
            heard = engine.hear(wanted.sound)
        wanted.check("".join(piece.text for piece in heard.pieces))

    def observe(self, recordings: Mapping[TrackName, Path]) -> list[Observation]:
        """What the words show when nothing is known about the question."""
        nothing = Question(id="unknown", text={"en": "?"})
        return self.findings(recordings, Asked(question=nothing)).observations

    def findings(self, recordings: Mapping[TrackName, Path], asked: Asked) -> Findings:
        """Transcript and observations. Raises `NotMeasured` without a model, sound, speech or words."""
        chosen = self._choice()
        facts = probe(recordings["camera"], need_video=False)
        if facts.audio is None:
            raise NotMeasured("the recording has no sound", code="no_sound")
        utterances = self._transcribed(recordings["camera"], facts, chosen)
        if not utterances:
            raise NotMeasured("no words were understood", code="no_words")
        found = wording.observations(utterances, facts.duration_s, asked)
        return Findings(in_order(found), transcript=tuple(item.utterance() for item in utterances))

    def _transcribed(self, recording: Path, facts: Recording, chosen: Choice) -> list[Said]:
        stretches = spoken_stretches(recording, facts)
        if not stretches:
            raise NotMeasured("no speech to transcribe", code="no_speech")
        found = []
        wall_s = self._start_s + self._settings().patience * facts.duration_s
        with running(chosen.command, wall_s=wall_s) as engine:
            for item, sound in sounds(recording, facts, stretches):
                end_s = min(item.end * WINDOW_S + AROUND_S, facts.duration_s)
                words = said(engine.hear(sound), item.start_s, max(item.start_s, end_s))
                if words is not None:
                    found.append(words)
        return found

    def _settings(self) -> TranscriptSettings:
        return self._given or Settings.load().transcript

    def _choice(self) -> Choice:
        return choice(self._settings())
