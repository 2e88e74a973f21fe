"""What the console needs to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from greenroom.domain.access import Role
from greenroom.domain.model import TimeZone
from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    HttpUrl,
    IdentitySettings,
    LinkSettings,
    StoreSettings,
    TokenSettings,
)


class ProviderSettings(BaseModel):
    """The company's identity provider (OpenID Connect).

    `issuer` as its discovery document has it. `roles` says which of our roles a value of the claim `role_claim`
    stands for, e.g. ``{"recruiting": "hr"}``; who has none of these values may not enter. `timeout_s` in seconds.
    """

    issuer: HttpUrl
    client_id: str
    client_secret: SecretStr
    role_claim: str = "groups"
    roles: dict[str, Role]
    scope: str = "openid profile email"
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10


class SessionSettings(BaseModel):
    """A session ends after so many minutes without a request, and after so many hours in any case."""

    idle_minutes: Annotated[float, Field(ge=1, le=1440)] = 30
    hours: Annotated[float, Field(gt=0, le=24)] = 10

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=self.hours)


class Settings(FunctionSettings):
    """Pages tell times in `time_zone`. `local_accounts`: whether people of this machine's own may sign in.

    `webhooks__allow` is status_sync's list of receivers alone: the secrets beside it are none of the console's.
    """

    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    tokens: TokenSettings
    identity: IdentitySettings | None = None
    links: LinkSettings
    provider: ProviderSettings | None = None
    sessions: SessionSettings = SessionSettings()
    local_accounts: bool = True
    time_zone: TimeZone = "Asia/Shanghai"
    webhooks__allow: list[str] = []
