"""Where the speech-to-text model lies that the company supplies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from greenroom.runtime.settings import FunctionSettings


class TranscriptSettings(BaseModel):
    """`folder`: the model's folder; what lies in it says which engine it is for.

    `command`: instead, a program of the company's own that speaks the protocol of `greenroom_language.protocol`
    (FunASR runs so). `patience`: how many times the answer's length an engine may take, in seconds per second.
    """

    folder: Path | None = None
    command: Annotated[list[str], Field(max_length=50)] = []
    patience: Annotated[float, Field(gt=0, le=100)] = 4

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.folder is not None and self.command:
            raise ValueError("set FOLDER or COMMAND, not both")
        return self


class Settings(FunctionSettings):
    transcript: TranscriptSettings = Field(default_factory=TranscriptSettings)
