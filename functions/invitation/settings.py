"""What the invitation function reads from the environment."""

from __future__ import annotations

from greenroom.domain.model import TimeZone
from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    LanguageModelSettings,
    LinkSettings,
    MailSettings,
    StoreSettings,
    TokenSettings,
)


class Settings(FunctionSettings):
    """`time_zone` is the one in which mails tell deadlines. Without a `language_model` the bank asks alone."""

    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    mail: MailSettings
    links: LinkSettings
    tokens: TokenSettings
    language_model: LanguageModelSettings | None = None
    time_zone: TimeZone = "Asia/Shanghai"
