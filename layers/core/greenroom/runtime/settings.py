"""Settings, composed by each function of only the pieces it uses.

Read from the environment when first needed, never at import. A nested field is written with two
underscores: ``GREENROOM_STORE__ENDPOINT``. What is missing or malformed fails with its variable's name.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import MisconfiguredSetting

if TYPE_CHECKING:
    from greenroom.adapters.database import Database

PREFIX = "GREENROOM_"


def _wrapping_key(key: SecretStr) -> SecretStr:
    try:
        raw = base64.b64decode(key.get_secret_value(), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(raw) != 32:
        raise ValueError(f"{len(raw)} bytes instead of 32")
    return key


def _amqp_url(url: SecretStr) -> SecretStr:
    if not re.match(r"amqps?://[^\s/]+(/.*)?$", url.get_secret_value()):
        raise ValueError("not a URL as amqps://user:password@host/vhost")
    return url


WrappingKey = Annotated[SecretStr, AfterValidator(_wrapping_key)]
AmqpUrl = Annotated[SecretStr, AfterValidator(_amqp_url)]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/.*)?$")]


class StoreSettings(BaseModel):
    """The object store. `public_endpoint` is how browsers reach it, where that differs.

    Without keys the function's own role is used, as an AWS-API cloud gives it to each.
    """

    endpoint: HttpUrl
    public_endpoint: HttpUrl | None = None
    bucket: str = "greenroom"
    region: str = "us-east-1"
    access_key: str | None = None
    secret_key: SecretStr | None = None

    @property
    def plain_secret_key(self) -> str | None:
        """The secret key itself, for the one client that signs with it."""
        return None if self.secret_key is None else self.secret_key.get_secret_value()

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("set both ACCESS_KEY and SECRET_KEY, or neither")
        return self


class DatabaseSettings(BaseModel):
    """`sqlite:////path/file.sqlite` or `postgresql+psycopg://user:password@host/name`.

    `keys` seal what is known of people: 32 random bytes in base64 each, the newest first; the others only open what
    they sealed. Without any it rests as it is. `cipher` is what is sealed with from now on.
    """

    url: SecretStr
    keys: list[WrappingKey] = []
    cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"

    def opened(self, clock: Clock = now_utc) -> Database:
        """The database with its vault. Raises `MisconfiguredSetting`."""
        from greenroom.adapters.database import Database

        vault = None
        if self.keys:
            from greenroom.adapters.vault import Vault

            raw = [base64.b64decode(key.get_secret_value()) for key in self.keys]
            vault = Vault(raw, self.cipher)
        return Database(self.url.get_secret_value(), clock=clock, vault=vault)


class BrokerSettings(BaseModel):
    """RabbitMQ, for workers: `amqps://user:password@host/vhost`.

    `store_url` is how the store reaches it, where that differs: its user need only publish.
    """

    url: AmqpUrl
    store_url: AmqpUrl | None = None


class MailSettings(BaseModel):
    """The company's SMTP relay. `timeout_s` in seconds."""

    host: str
    port: int = 25
    username: str | None = None
    password: SecretStr | None = None
    starttls: bool = False
    sender: str = "Greenroom <greenroom@localhost>"
    timeout_s: float = 30


class LinkSettings(BaseModel):
    """`public_url` begins every link in mails, pages and webhooks.

    `tracking`: mails tell when they are opened, where the batch's policy allows that.
    """

    public_url: HttpUrl
    tracking: bool = True


class TokenSettings(BaseModel):
    """`key` signs candidates' links and the console's forms (HMAC-SHA256); at least 32 characters.

    `grace_hours`: how long after its end a link still brings in what was recorded while it was good.
    """

    key: Annotated[SecretStr, Field(min_length=32)]
    grace_hours: Annotated[float, Field(ge=0, le=720)] = 24


class ApiSettings(BaseModel):
    """How often one API key may ask: `burst` requests at once, `requests_per_s` in the long run."""

    requests_per_s: Annotated[float, Field(gt=0, le=10_000)] = 50
    burst: Annotated[int, Field(ge=1, le=100_000)] = 500


class LanguageModelSettings(BaseModel):
    """An OpenAI-compatible endpoint on the company's own network. `timeout_s` bounds one question, in seconds."""

    url: HttpUrl
    model: str
    api_key: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 8


class IdentitySettings(BaseModel):
    """`key` wraps the keys of identity pictures: 32 random bytes in base64. `former_keys` only open older ones.

    `keep_days`: days after which a picture is deleted.
    """

    key: WrappingKey
    former_keys: list[WrappingKey] = []
    keep_days: Annotated[int, Field(ge=1, le=365)] = 30


class ErasureSettings(BaseModel):
    """`key` signs certificates of erasure (Ed25519): 32 random bytes in base64."""

    key: WrappingKey


class TraceSettings(BaseModel):
    """`endpoint`: the company's OpenTelemetry collector, which takes OTLP over HTTP at ``/v1/traces``."""

    endpoint: HttpUrl


class FunctionSettings(BaseSettings):
    """The base of every function's settings. Without `traces` nothing is traced."""

    traces: TraceSettings | None = None

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True
    )

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises `MisconfiguredSetting` that names the variable."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            path = [str(step) for step in first["loc"]]
            if first["type"] == "missing" and len(path) == 1:
                path += cls._first_required(path[0])
            name = PREFIX + "__".join(path).upper()
            raise MisconfiguredSetting(f"{name}: {first['msg']}", setting=name) from error

    @classmethod
    def _first_required(cls, part: str) -> list[str]:
        """A whole part is missing: the variable to set is its first field without a default."""
        model = cls.model_fields[part].annotation
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            return []
        return [name for name, field in model.model_fields.items() if field.is_required()][:1]
