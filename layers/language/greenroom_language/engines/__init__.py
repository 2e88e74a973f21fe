"""Engines behind one interface; each is imported only in the process that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from greenroom_language.protocol import Heard

Sound = NDArray[np.float32]
"""Mono, 16 kHz, ±1."""


class Engine(Protocol):
    """Speech to text from one folder, on one core; the same stretches in the same order give the same words."""

    def hear(self, sound: Sound) -> Heard: ...


def engine(kind: str, folder: Path, files: list[Path]) -> Engine:
    """The engine for a folder of `kind`. Raises ImportError where it is not installed, and as engines do."""
    if kind == "pocketsphinx":
        from greenroom_language.engines.sphinx import Sphinx

        return Sphinx(files)
    if kind == "faster-whisper":
        from greenroom_language.engines.faster import FasterWhisper

        return FasterWhisper(folder)
    from greenroom_language.engines.sherpa import Sherpa

    return Sherpa(kind, files)
