"""What the invitation function reads from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.domain.model import Locale, Slug, TimeZone
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


class PartnerSettings(BaseModel):
    """What an ATS that orders an interview as a test does not say: `days` to the deadline, language, policy."""

    days: Annotated[int, Field(ge=1, le=90)] = 7
    locale: Locale = "en"
    policy: Slug = "cn"


class Settings(FunctionSettings):
    """`time_zone` is the one in which mails tell deadlines. Without a `language_model` the bank asks alone."""

    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    mail: MailSettings
    links: LinkSettings
    tokens: TokenSettings
    partners: PartnerSettings = PartnerSettings()
    language_model: LanguageModelSettings | None = None
    time_zone: TimeZone = "Asia/Shanghai"
