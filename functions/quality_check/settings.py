"""What quality_check needs to know."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, StoreSettings


def _system_folder() -> Path:
    return Path(tempfile.gettempdir()) / "greenroom-quality"


class MediaLimits(BaseModel):
    """What one ffmpeg may use while a recording is measured: seconds of time and of CPU, MiB of memory."""

    wall_s: Annotated[int, Field(ge=1)] = 840
    cpu_s: Annotated[int, Field(ge=1)] = 840
    memory_mb: Annotated[int, Field(ge=128)] = 1024


class QualitySettings(BaseModel):
    """`folder`: where recordings lie while they are measured.

    `stale_s`: seconds after which an assembled answer that was not checked is taken up again; `sweep_s`: seconds
    that one sweep may spend.
    """

    folder: Path = Field(default_factory=_system_folder)
    limits: MediaLimits = MediaLimits()
    stale_s: Annotated[int, Field(ge=1)] = 300
    sweep_s: Annotated[int, Field(ge=1)] = 600


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    quality: QualitySettings = Field(default_factory=QualitySettings)
