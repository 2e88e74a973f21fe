"""CMU PocketSphinx: weak beside today's engines, but small, and its wheel carries an English model to test with."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder

from greenroom_language.engines import Sound
from greenroom_language.protocol import SAMPLE_RATE, Heard, Piece

_FRAME_S = 0.01
_NO_WORD = re.compile(r"^[<\[+].*")
_VARIANT = re.compile(r"\(\d+\)$")


class Sphinx:
    """`files` as `greenroom_language.folders` orders them. It knows one language and does not tell which."""

    def __init__(self, files: list[Path]) -> None:
        acoustic, _, _, grammar, words = files[:5]
        self._decoder = Decoder(
            hmm=str(acoustic.parent),
            lm=str(grammar),
            dict=str(words),
            samprate=SAMPLE_RATE,
            loglevel="FATAL",
        )

    def hear(self, sound: Sound) -> Heard:
        whole = np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
        decoder = self._decoder
        decoder.start_utt()
        if whole:
            decoder.process_raw(whole, full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return Heard(confidence=0)
        likely, pieces = [], []
        for heard in decoder.seg():
            if _NO_WORD.match(heard.word):
                continue
            likely.append(min(1.0, heard.prob))
            pieces.append(
                Piece(
                    text=" " + _VARIANT.sub("", heard.word),
                    start_s=heard.start_frame * _FRAME_S,
                    end_s=(heard.end_frame + 1) * _FRAME_S,
                )
            )
        return Heard(pieces=pieces, confidence=sum(likely) / len(likely) if likely else 0)
