"""What lies in a model folder, and which engine it is for. Nothing is loaded here, nothing is ever fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from greenroom.domain.analysis import NotMeasured

SELF_TEST = "self_test.json"
"""A file that the company may put into the folder: a recording of its own and the words in it."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ModelFolder:
    """A folder whose files are all there. `package` is the engine's distribution, `extra` ours that brings it."""

    path: Path
    kind: str
    package: str
    files: tuple[Path, ...]

    def digest(self) -> str:
        """SHA-256 over names and bytes of every file in the folder: an engine reads more than it must have."""
        files = sorted(file for file in self.path.rglob("*") if file.is_file())
        return _digest(tuple(_named(self.path, file) for file in files))


@dataclass(frozen=True)
class _Layout:
    kind: str
    package: str
    told_by: Callable[[Path], bool]
    needs: tuple[tuple[str, ...], ...]
    """For each file the patterns that it may be named by; the first that matches is taken."""


def _has(pattern: str) -> Callable[[Path], bool]:
    return lambda folder: any(folder.glob(pattern))


def _sense_voice(folder: Path) -> bool:
    """Its vocabulary holds the languages that it tells apart."""
    if not any(folder.glob("model*.onnx")):
        return False
    try:
        with (folder / "tokens.txt").open("rb") as file:
            return any(line.startswith(b"<|zh|>") for line in file)
    except OSError:
        return False


_ONE_ONNX = (("model.int8.onnx", "model.onnx"), ("tokens.txt",))
LAYOUTS = (
    _Layout("sense-voice", "sherpa-onnx", _sense_voice, _ONE_ONNX),
    _Layout(
        "sherpa-whisper",
        "sherpa-onnx",
        _has("*encoder*.onnx"),
        (
            ("*encoder.int8.onnx", "*encoder*.onnx"),
            ("*decoder.int8.onnx", "*decoder*.onnx"),
            ("*tokens.txt",),
        ),
    ),
    _Layout("paraformer", "sherpa-onnx", _has("model*.onnx"), _ONE_ONNX),
    # Without its tokenizer faster-whisper would ask the internet for one.
    _Layout(
        "faster-whisper",
        "faster-whisper",
        _has("model.bin"),
        (("model.bin",), ("config.json",), ("tokenizer.json",)),
    ),
    _Layout(
        "pocketsphinx",
        "pocketsphinx",
        _has("*/mdef"),
        (("*/mdef",), ("*/means",), ("*/variances",), ("*[!e].lm.bin", "*.lm"), ("*.dict",)),
    ),
)


def model_folder(path: Path) -> ModelFolder:
    """The folder at `path`. Raises `NotMeasured` that says what is missing, empty or unknown."""
    if not path.is_dir():
        raise NotMeasured(f"the model folder {path} is not there", code="model_missing")
    for layout in LAYOUTS:
        if layout.told_by(path):
            files = [_needed(path, layout.kind, patterns) for patterns in layout.needs]
            return ModelFolder(path, layout.kind, layout.package, tuple(files))
    known = ", ".join(layout.kind for layout in LAYOUTS)
    raise NotMeasured(f"{path} holds no model of a known engine ({known})", code="model_unknown")


def _needed(path: Path, kind: str, patterns: Iterable[str]) -> Path:
    for pattern in patterns:
        for file in sorted(path.glob(pattern)):
            if file.is_file() and file.stat().st_size:
                return file
    wanted = " or ".join(patterns)
    raise NotMeasured(
        f"{path} is a {kind} folder without {wanted}, or with an empty one", code="model_incomplete"
    )


def _named(folder: Path, file: Path) -> tuple[str, str, int, int]:
    found = file.stat()
    return file.relative_to(folder).as_posix(), str(file), found.st_size, found.st_mtime_ns


@cache
def _digest(files: tuple[tuple[str, str, int, int], ...]) -> str:
    """Once per state of the files: a model of some gigabytes takes its seconds."""
    whole = hashlib.sha256()
    for name, path, _, _ in files:
        one = hashlib.sha256()
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK):
                one.update(chunk)
        whole.update(f"{name}\0{one.hexdigest()}\n".encode())
    return whole.hexdigest()
