"""What the portal needs to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from greenroom.domain.model import TimeZone
from greenroom.runtime.settings import (
    DatabaseSettings,
    FunctionSettings,
    HttpUrl,
    IdentitySettings,
    LanguageModelSettings,
    LinkSettings,
    StoreSettings,
    TokenSettings,
)


class HealthSettings(BaseModel):
    """`keep_days`: days after which the health samples of a page that is no longer heard of are deleted."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30


class FollowUpSettings(BaseModel):
    """`wait_s`: seconds that the room waits for a follow-up to an answer before it goes on without one.

    `model_s`: of these, the seconds that a language model may take to word it.
    """

    wait_s: Annotated[float, Field(gt=0, le=60)] = 8
    model_s: Annotated[float, Field(gt=0, le=30)] = 4


class Settings(FunctionSettings):
    """Pages tell times in `time_zone`; `frame_ancestors` are the origins that may embed the portal.

    Without a `language_model` follow-ups are worded by the rules alone.
    """

    store: StoreSettings
    database: DatabaseSettings
    tokens: TokenSettings
    links: LinkSettings
    identity: IdentitySettings | None = None
    health: HealthSettings = HealthSettings()
    follow_ups: FollowUpSettings = FollowUpSettings()
    language_model: LanguageModelSettings | None = None
    time_zone: TimeZone = "Asia/Shanghai"
    frame_ancestors: list[HttpUrl] = []
