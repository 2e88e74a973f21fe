"""What status_sync needs to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from greenroom.runtime.settings import (
    ApiSettings,
    DatabaseSettings,
    FunctionSettings,
    LinkSettings,
    ReceiverEntry,
    StoreSettings,
    TokenSettings,
)


class EndpointSecret(BaseModel):
    """A secret that headers of REST endpoints may name, and the one host that it is sent to."""

    host: str
    value: SecretStr


class WebhookSettings(BaseModel):
    """Who may receive webhooks: names, addresses or networks, each with an optional port; nobody by default.

    A JSON list, e.g. ``["ehr.example.com", "10.20.0.0/16", "127.0.0.1:9000"]``. `timeout_s` in seconds.
    `secrets`: a JSON object from a name to its ``{"host": …, "value": …}``.
    """

    allow: list[ReceiverEntry] = []
    secrets: dict[str, EndpointSecret] = {}
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 20


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    api: ApiSettings = ApiSettings()
    tokens: TokenSettings
    links: LinkSettings
    webhooks: WebhookSettings = WebhookSettings()
