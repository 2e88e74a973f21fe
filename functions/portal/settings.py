"""What the portal needs to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.runtime.settings import (
    DatabaseSettings,
    FunctionSettings,
    HttpUrl,
    IdentitySettings,
    LinkSettings,
    StoreSettings,
    TimeZone,
    TokenSettings,
)


class HealthSettings(BaseModel):
    """`keep_days`: days after which the health samples of a page that is no longer heard of are deleted."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30


class Settings(FunctionSettings):
    """Pages tell times in `time_zone`; `frame_ancestors` are the origins that may embed the portal."""

    store: StoreSettings
    database: DatabaseSettings
    tokens: TokenSettings
    links: LinkSettings
    identity: IdentitySettings | None = None
    health: HealthSettings = HealthSettings()
    time_zone: TimeZone = "Asia/Shanghai"
    frame_ancestors: list[HttpUrl] = []
