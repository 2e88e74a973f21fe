"""What the console needs to know."""

from __future__ import annotations

from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    IdentitySettings,
    LinkSettings,
    StoreSettings,
    TimeZone,
    TokenSettings,
)


class Settings(FunctionSettings):
    """Pages tell times in `time_zone`."""

    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    tokens: TokenSettings
    identity: IdentitySettings | None = None
    links: LinkSettings
    time_zone: TimeZone = "Asia/Shanghai"
