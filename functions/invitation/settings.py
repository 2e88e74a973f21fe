"""What the invitation function reads from the environment."""

from __future__ import annotations

from greenroom.runtime.settings import (
    DatabaseSettings,
    FunctionSettings,
    LinkSettings,
    MailSettings,
    StoreSettings,
    TimeZone,
    TokenSettings,
)


class Settings(FunctionSettings):
    """`time_zone` is the one in which mails tell deadlines."""

    store: StoreSettings
    database: DatabaseSettings
    mail: MailSettings
    links: LinkSettings
    tokens: TokenSettings
    time_zone: TimeZone = "Asia/Shanghai"
