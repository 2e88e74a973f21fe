"""Which process transcribes on this machine: the engine of the model folder, or the company's own program."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from greenroom.domain.analysis import NotMeasured
from greenroom_language.folders import SELF_TEST, ModelFolder, model_folder
from greenroom_language.settings import TranscriptSettings

SETTING = "GREENROOM_TRANSCRIPT__FOLDER"


@dataclass(frozen=True)
class Choice:
    """`name` goes into the module's version. `golden`: the company's own self-test, where it brings one."""

    name: str
    command: tuple[str, ...]
    digest: str
    golden: Path | None


def choice(settings: TranscriptSettings) -> Choice:
    """Raises `NotMeasured`: nothing is set, the folder is no model, or its engine is not installed."""
    if settings.command:
        return _own_program(settings)
    if settings.folder is None:
        raise NotMeasured(f"no speech-to-text model: {SETTING} names no folder", code="no_model")
    folder = model_folder(settings.folder)
    command = [sys.executable, "-m", "greenroom_language", folder.kind, str(folder.path)]
    golden = folder.path / SELF_TEST
    return Choice(
        name=f"{folder.kind}-{_installed(folder)}",
        command=(*command, *map(str, folder.files)),
        digest=folder.digest(),
        golden=golden if golden.is_file() else None,
    )


def _installed(folder: ModelFolder) -> str:
    try:
        return version(folder.package)
    except PackageNotFoundError:
        raise NotMeasured(
            f"{folder.path} is a {folder.kind} model; its engine is not installed: "
            f"pip install 'greenroom-language[{folder.package}]'",
            code="engine_not_installed",
        ) from None


def _own_program(settings: TranscriptSettings) -> Choice:
    """The digest covers the files that the command names; what it loads besides, its owner pins."""
    whole = hashlib.sha256("\0".join(settings.command).encode())
    for word in settings.command:
        with suppress(OSError, ValueError):  # most words name no file, some could not
            whole.update(hashlib.sha256(Path(word).read_bytes()).digest())
    golden = settings.folder / SELF_TEST if settings.folder else None
    return Choice(
        name=f"program-{Path(settings.command[0]).name}",
        command=tuple(settings.command),
        digest=whole.hexdigest(),
        golden=golden if golden and golden.is_file() else None,
    )
