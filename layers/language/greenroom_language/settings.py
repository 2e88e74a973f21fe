"""Where the speech-to-text model lies that the company supplies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import FunctionSettings


class TranscriptSettings(BaseModel):
    """`folder`: the model's folder; what lies in it says which engine it is for.

    `command`: instead, a program of the company's own that speaks the protocol of `greenroom_language.protocol`
    (FunASR runs so). `patience`: how many times the answer's length an engine may take, in seconds per second.
    """

    folder: Path | None = None
    command: Annotated[list[str], Field(max_length=50)] = []
    patience: Annotated[float, Field(gt=0, le=100)] = 4


class Settings(FunctionSettings):
    transcript: TranscriptSettings = Field(default_factory=TranscriptSettings)
