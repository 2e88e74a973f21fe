"""Settings, composed by each function of only the pieces it uses.

Read from the environment when first needed, never at import. A nested field is written with two
underscores: ``GREENROOM_STORE__ENDPOINT``. What is missing or malformed fails with its variable's name.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import TYPE_CHECKING, Annotated, Literal, Self, get_args, get_origin

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
from pydantic_settings.exceptions import SettingsError

from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import MisconfiguredSetting
from greenroom.domain.transport import is_this_machine, lacks_tls

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.adapters.object_store import ObjectStore

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


def _database_url(url: SecretStr) -> SecretStr:
    if not re.match(r"(sqlite:///|postgresql\+psycopg://)[^\s]*$", url.get_secret_value()):
        raise ValueError("not a URL as postgresql+psycopg://user:password@host/name")
    return url


def _sender(text: str) -> str:
    if "@" not in parseaddr(text)[1]:
        raise ValueError("not an address as Greenroom <greenroom@example.com>")
    return text


def _receiver(text: str) -> str:
    from greenroom.adapters.receivers import AllowList

    try:
        AllowList([text])
    except MisconfiguredSetting as error:
        raise ValueError(error.detail) from error
    return text


WrappingKey = Annotated[SecretStr, AfterValidator(_wrapping_key)]
AmqpUrl = Annotated[SecretStr, AfterValidator(_amqp_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
ReceiverEntry = Annotated[str, AfterValidator(_receiver)]
Sender = Annotated[str, AfterValidator(_sender)]
Word = Annotated[str, StringConstraints(pattern=r"^\S+$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/.*)?$")]


class StoreSettings(BaseModel):
    """The object store. `public_endpoint` is how browsers reach it, where that differs.

    Without keys the function's own role is used, as an AWS-API cloud gives it to each. `encryption` is asked of the
    store with everything that is written; `none` leaves it to the bucket's default. `sse-kms` is by `kms_key_id`.
    """

    endpoint: HttpUrl
    public_endpoint: HttpUrl | None = None
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")] = "greenroom"
    region: Word = "us-east-1"
    access_key: Word | None = None
    secret_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    encryption: Literal["none", "sse-s3", "sse-kms"] = "none"
    kms_key_id: Word | None = None

    @property
    def plain_secret_key(self) -> str | None:
        """The secret key itself, for the one client that signs with it."""
        return None if self.secret_key is None else self.secret_key.get_secret_value()

    @model_validator(mode="after")
    def _both_keys_or_none(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("set both ACCESS_KEY and SECRET_KEY, or neither")
        return self

    @model_validator(mode="after")
    def _a_key_for_kms(self) -> Self:
        if (self.kms_key_id is not None) != (self.encryption == "sse-kms"):
            raise ValueError("KMS_KEY_ID goes with ENCRYPTION=sse-kms, and only with it")
        return self

    def opened(self, clock: Clock = now_utc) -> ObjectStore:
        """The bucket, by a client of its own."""
        from greenroom.adapters.object_store import ObjectStore
        from greenroom.adapters.store_encryption import Encryption

        asked = {
            "none": None,
            "sse-s3": Encryption("AES256"),
            "sse-kms": Encryption("aws:kms", self.kms_key_id),
        }
        return ObjectStore(
            bucket=self.bucket,
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=self.plain_secret_key,
            region=self.region,
            public_endpoint=self.public_endpoint,
            encryption=asked[self.encryption],
            clock=clock,
        )


class DatabaseSettings(BaseModel):
    """`sqlite:////path/file.sqlite` or `postgresql+psycopg://user:password@host/name`.

    `keys` seal what is known of people: 32 random bytes in base64 each, the newest first; the others only open what
    they sealed. Without any it rests as it is. `cipher` is what is sealed with from now on.
    """

    url: DatabaseUrl
    keys: list[WrappingKey] = []
    cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"

    @model_validator(mode="after")
    def _each_key_once(self) -> Self:
        if len({key.get_secret_value() for key in self.keys}) < len(self.keys):
            raise ValueError("KEYS holds one key twice")
        return self

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

    `store_url` is how the store reaches it, where that differs: its user need only publish. `store_ca` is a file on the
    store's hosts: who signed RabbitMQ's certificate.
    """

    url: AmqpUrl
    store_url: AmqpUrl | None = None
    store_ca: str | None = None


class MailSettings(BaseModel):
    """The company's SMTP relay. `timeout_s` in seconds."""

    host: Word
    port: Annotated[int, Field(ge=1, le=65_535)] = 25
    username: str | None = None
    password: SecretStr | None = None
    starttls: bool = False
    sender: Sender = "Greenroom <greenroom@localhost>"
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("set both USERNAME and PASSWORD, or neither")
        return self


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
    model: Annotated[str, Field(min_length=1)]
    api_key: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 8


class IdentitySettings(BaseModel):
    """`key` wraps the keys of identity pictures: 32 random bytes in base64. `former_keys` only open older ones.

    `keep_days`: days after which a picture is deleted.
    """

    key: WrappingKey
    former_keys: list[WrappingKey] = []
    keep_days: Annotated[int, Field(ge=1, le=365)] = 30

    @model_validator(mode="after")
    def _newest_is_not_former(self) -> Self:
        if self.key.get_secret_value() in {key.get_secret_value() for key in self.former_keys}:
            raise ValueError("KEY is among FORMER_KEYS: a new key is another one")
        return self


class ErasureSettings(BaseModel):
    """`key` signs certificates of erasure (Ed25519): 32 random bytes in base64."""

    key: WrappingKey


class TraceSettings(BaseModel):
    """`endpoint`: the company's OpenTelemetry collector, which takes OTLP over HTTP at ``/v1/traces``."""

    endpoint: HttpUrl


class FunctionSettings(BaseSettings):
    """The base of every function's settings. Without `traces` nothing is traced.

    `tls`: `required` stops at the start whoever is to speak to another machine in clear, or to one whose certificate
    nobody verifies.
    """

    traces: TraceSettings | None = None
    tls: Literal["required", "optional"] = "optional"

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True
    )

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises `MisconfiguredSetting` that names the variable."""
        try:
            settings = cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            path = list(_fields(cls, first["loc"]))
            if first["type"] == "missing" and len(path) == 1:
                path += cls._first_required(path[0])
            name = PREFIX + "__".join(path).upper()
            raise MisconfiguredSetting(f"{name}: {first['msg']}", setting=name) from error
        except SettingsError as error:
            raise _no_json(error) from error
        if settings.tls == "required":
            for name, lacking in in_clear(settings):
                said = f"{name}: GREENROOM_TLS is required, and this wants {lacking}"
                raise MisconfiguredSetting(said, setting=name)
        return settings

    @classmethod
    def _first_required(cls, part: str) -> list[str]:
        """A whole part is missing: the variable to set is its first field without a default."""
        model = cls.model_fields[part].annotation
        if not isinstance(model, type) or not issubclass(model, BaseModel):
            return []
        return [name for name, field in model.model_fields.items() if field.is_required()][:1]


def _fields(model: type[BaseModel], path: tuple[int | str, ...]) -> Iterator[str]:
    """The steps that are fields: what follows, a list's number or an object's key, is within one variable."""
    found: type[BaseModel] | None = model
    for step in path:
        if found is None or not isinstance(step, str) or step not in found.model_fields:
            return
        yield step
        annotation = found.model_fields[step].annotation
        kinds = (annotation, *get_args(annotation)) if get_origin(annotation) is not dict else ()
        parts = (one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel))
        found = next(parts, None)


def _no_json(error: SettingsError) -> MisconfiguredSetting:
    """A list or an object that is none: pydantic-settings tells the part, and json the text that it stumbled over."""
    text = getattr(error.__cause__, "doc", None)
    name = next(
        (name for name, value in os.environ.items() if name.startswith(PREFIX) and value == text),
        PREFIX + "*",
    )
    return MisconfiguredSetting(f"{name}: not the JSON that docs/settings.md shows", setting=name)


def in_clear(settings: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, str]]:
    """Variables by which another machine is spoken to without verified TLS, and what each lacks."""
    for field, value in settings:
        name = prefix + field.upper()
        if isinstance(value, MailSettings) and not is_this_machine(value.host):
            if not value.starttls:
                yield f"{name}__STARTTLS", "true"
        elif isinstance(value, BaseModel):
            yield from in_clear(value, f"{name}__")
        else:
            for one in value if isinstance(value, list) else [value]:
                text = one.get_secret_value() if isinstance(one, SecretStr) else one
                lacking = lacks_tls(text) if isinstance(text, str) else None
                if lacking is not None:
                    yield name, lacking
