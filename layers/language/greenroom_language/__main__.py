"""``python -m greenroom_language KIND FOLDER FILE…``: runs one engine, as `greenroom_language.protocol` describes.

A process of its own, because an engine that meets another engine's model may end the process that asked it.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import numpy as np

from greenroom.domain.model import Document
from greenroom_language.engines import engine
from greenroom_language.folders import LAYOUTS
from greenroom_language.protocol import LINE_BYTES, Ready, Stretch


def main(kind: str, folder: str, *files: str) -> None:
    answers = _own_output()
    package = next(layout.package for layout in LAYOUTS if layout.kind == kind)
    try:
        listening = engine(kind, Path(folder), [Path(file) for file in files])
    # Whatever an engine raises at a model that it cannot read, people are told.
    except Exception as error:  # noqa: BLE001
        _say(answers, Ready(engine=package, error=f"{type(error).__name__}: {error}"[:2000]))
        return
    _say(answers, Ready(engine=package, version=version(package)))
    while line := sys.stdin.buffer.readline(LINE_BYTES):
        wanted = Stretch.parse(line).samples * 4
        sound = np.frombuffer(sys.stdin.buffer.read(wanted), "<f4")
        _say(answers, listening.hear(sound))


def _own_output() -> BinaryIO:
    """Standard output for our lines alone: what native code prints there goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _say(answers: BinaryIO, line: Document) -> None:
    answers.write(line.canonical())
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
