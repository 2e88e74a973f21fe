"""What retention needs to know."""

from __future__ import annotations

from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    ErasureSettings,
    FunctionSettings,
    StoreSettings,
    TokenSettings,
)


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    tokens: TokenSettings
    erasure: ErasureSettings
