"""What status_sync needs to know."""

from __future__ import annotations

from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    StoreSettings,
    TokenSettings,
    WebhookSettings,
)


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    tokens: TokenSettings
    webhooks: WebhookSettings = WebhookSettings()
