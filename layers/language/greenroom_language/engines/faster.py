"""faster-whisper: Whisper models converted for CTranslate2."""

from __future__ import annotations

import math
from pathlib import Path

from faster_whisper import WhisperModel

from greenroom_language.engines import Sound
from greenroom_language.protocol import Heard, Piece


class FasterWhisper:
    """Greedy and at temperature 0, each stretch for itself, so that the same sound gives the same words."""

    def __init__(self, folder: Path) -> None:
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def hear(self, sound: Sound) -> Heard:
        segments, about = self._model.transcribe(
            sound,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        pieces, likely = [], []
        for segment in segments:
            likely.append(math.exp(min(0.0, segment.avg_logprob)))
            for word in segment.words or ():
                start_s, end_s = max(0.0, float(word.start)), float(word.end)
                pieces.append(Piece(text=word.word, start_s=start_s, end_s=max(start_s, end_s)))
        return Heard(
            pieces=pieces,
            language=about.language,
            confidence=sum(likely) / len(likely) if likely else 0,
        )
