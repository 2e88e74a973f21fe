"""sherpa-onnx: SenseVoice, Paraformer and Whisper models converted to ONNX."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sherpa_onnx

from greenroom_language.engines import Sound
from greenroom_language.protocol import SAMPLE_RATE, Heard, Piece

CONFIDENCE = 0.7
"""These models give no probability of their own."""
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LONGEST_S = 0.6
"""A token is taken to last until the next one, at most so long: a slow syllable."""
_MOST_BETWEEN = 3
"""Spaces and punctuation marks between two tokens."""


class Sherpa:
    """`files` as `greenroom_language.folders` orders them. SenseVoice and Whisper tell the language."""

    def __init__(self, kind: str, files: list[Path]) -> None:
        paths = [str(file) for file in files]
        make = sherpa_onnx.OfflineRecognizer
        if kind == "sense-voice":
            self._recogniser = make.from_sense_voice(
                paths[0], paths[1], num_threads=1, use_itn=True
            )
        elif kind == "paraformer":
            self._recogniser = make.from_paraformer(paths[0], paths[1], num_threads=1)
        else:
            self._recogniser = make.from_whisper(
                paths[0], paths[1], paths[2], language="", num_threads=1
            )

    def hear(self, sound: Sound) -> Heard:
        stream = self._recogniser.create_stream()
        stream.accept_waveform(SAMPLE_RATE, sound)
        self._recogniser.decode_stream(stream)
        result = stream.result
        told = _LANGUAGE.search(result.lang or "")
        pieces = _pieces(result, sound.size / SAMPLE_RATE)
        return Heard(
            pieces=pieces,
            language=told.group() if told else None,
            confidence=CONFIDENCE if pieces else 0,
        )


def _pieces(result: Any, length_s: float) -> list[Piece]:
    """The text, cut where its tokens begin, each with its token's time; in one where the tokens have none.

    Tokens carry marks of their vocabulary (▁ begins a word, @@ says that it goes on), the text does not.
    """
    text, tokens, starts = result.text.strip(), list(result.tokens), list(result.timestamps)
    if not text:
        return []
    if len(tokens) != len(starts):
        starts = []
    ends = [*starts[1:], length_s]
    pieces: list[Piece] = []
    at = 0
    for token, start_s, next_s in zip(tokens, starts, ends, strict=False):
        plain = token.replace("▁", "").replace("@@", "").strip()
        found = text.find(plain, at) if plain else -1
        if not 0 <= found - at <= _MOST_BETWEEN:
            continue
        begins_s = max(0.0, start_s)
        ends_s = min(max(begins_s, next_s), begins_s + _LONGEST_S)
        pieces.append(Piece(text=text[at : found + len(plain)], start_s=begins_s, end_s=ends_s))
        at = found + len(plain)
    if not pieces:
        return [Piece(text=text, start_s=0, end_s=length_s)]
    last = pieces[-1]
    return [*pieces[:-1], last.model_copy(update={"text": last.text + text[at:]})]
