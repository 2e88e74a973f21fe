"""What chunk_assembly needs to know."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import DatabaseSettings, FunctionSettings, StoreSettings


def _system_folder() -> Path:
    return Path(tempfile.gettempdir()) / "greenroom-assembly"


class AssemblySettings(BaseModel):
    """`folder`: where recordings are joined, on a disk with room for the largest. `ahead`: downloads in flight.

    `stale_s`: seconds after which a sealed answer that was not assembled is taken up again; `sweep_s`: seconds
    that one sweep may spend.
    """

    folder: Path = Field(default_factory=_system_folder)
    ahead: Annotated[int, Field(ge=1, le=16)] = 4
    stale_s: Annotated[int, Field(ge=1)] = 300
    sweep_s: Annotated[int, Field(ge=1)] = 600


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    assembly: AssemblySettings = Field(default_factory=AssemblySettings)
