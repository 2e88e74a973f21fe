"""What the portal needs to know."""

from __future__ import annotations

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


class Settings(FunctionSettings):
    """Pages tell times in `time_zone`; `frame_ancestors` are the origins that may embed the portal."""

    store: StoreSettings
    database: DatabaseSettings
    tokens: TokenSettings
    links: LinkSettings
    identity: IdentitySettings | None = None
    time_zone: TimeZone = "Asia/Shanghai"
    frame_ancestors: list[HttpUrl] = []
