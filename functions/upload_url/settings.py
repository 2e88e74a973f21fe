"""What upload_url needs to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import (
    DatabaseSettings,
    FunctionSettings,
    StoreSettings,
    TokenSettings,
)


class UploadSettings(BaseModel):
    """Limits of one attempt. `expires_s`: seconds a policy is good for; `max_bytes`: all its parts together."""

    expires_s: Annotated[int, Field(ge=60, le=43_200)] = 7200
    max_bytes: Annotated[int, Field(gt=0)] = 8 * 2**30


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    tokens: TokenSettings
    uploads: UploadSettings = UploadSettings()
