"""What analysis needs to know."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, StoreSettings


def _system_folder() -> Path:
    return Path(tempfile.gettempdir()) / "greenroom-analysis"


class AnalysisSettings(BaseModel):
    """`folder`: where recordings lie while they are analysed.

    `stale_s`: seconds after which a checked answer that was not analysed, or a finished interview that was not
    scored, is taken up again; `sweep_s`: seconds that one sweep may spend.
    """

    folder: Path = Field(default_factory=_system_folder)
    stale_s: Annotated[int, Field(ge=1)] = 300
    sweep_s: Annotated[int, Field(ge=1)] = 600


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    analysis: AnalysisSettings = Field(default_factory=AnalysisSettings)
