"""What the console needs to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from greenroom.domain.access import Role
from greenroom.domain.model import TimeZone
from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    HttpUrl,
    IdentitySettings,
    LinkSettings,
    ReceiverEntry,
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
    roles: Annotated[dict[str, Role], Field(min_length=1)]
    scope: str = "openid profile email"
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10


class PlaybackSettings(BaseModel):
    """`expires_s`: seconds that a recording's link on a page is good for, a reviewer's sitting."""

    expires_s: Annotated[int, Field(ge=60, le=43_200)] = 14_400


class SessionSettings(BaseModel):
    """A session ends after so many minutes without a request, and after so many hours in any case."""

    idle_minutes: Annotated[float, Field(ge=1, le=1440)] = 30
    hours: Annotated[float, Field(gt=0, le=24)] = 10

    @model_validator(mode="after")
    def _idle_within_the_whole(self) -> Self:
        if self.idle_minutes > self.hours * 60:
            raise ValueError("IDLE_MINUTES are longer than HOURS")
        return self

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
    playback: PlaybackSettings = PlaybackSettings()
    local_accounts: bool = True
    time_zone: TimeZone = "Asia/Shanghai"
    webhooks__allow: list[ReceiverEntry] = []

    @field_validator("local_accounts")
    @classmethod
    def _somebody_may_sign_in(cls, local: bool, info: ValidationInfo) -> bool:
        if not local and info.data.get("provider") is None:
            raise ValueError(
                "false, and no GREENROOM_PROVIDER__ISSUER is set: nobody could sign in"
            )
        return local
