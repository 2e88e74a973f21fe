"""What an installation says about itself before its manifests are written: images, settings, secrets, addresses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, model_validator

from greenroom.domain.errors import GreenroomError
from greenroom.host.wiring import Wired

SECRET = frozenset(
    {
        "GREENROOM_STORE__SECRET_KEY",
        "GREENROOM_DATABASE__URL",
        "GREENROOM_DATABASE__KEYS",
        "GREENROOM_BROKER__URL",
        "GREENROOM_TOKENS__KEY",
        "GREENROOM_IDENTITY__KEY",
        "GREENROOM_IDENTITY__FORMER_KEYS",
        "GREENROOM_ERASURE__KEY",
        "GREENROOM_MAIL__PASSWORD",
        "GREENROOM_LANGUAGE_MODEL__API_KEY",
        "GREENROOM_PROVIDER__CLIENT_SECRET",
        "GREENROOM_WEBHOOKS__SECRETS",
    }
)
"""Settings that stand in no manifest: they name a key of a Secret."""

BROKER_URL = "GREENROOM_BROKER__URL"
REQUIRED = frozenset(
    {
        "GREENROOM_STORE__ENDPOINT",
        "GREENROOM_DATABASE__URL",
        "GREENROOM_DATABASE__KEYS",
        BROKER_URL,
        "GREENROOM_TOKENS__KEY",
        "GREENROOM_LINKS__PUBLIC_URL",
        "GREENROOM_MAIL__HOST",
    }
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
SecretName = Annotated[
    str, Field(pattern=r"^(\{function\}|[a-z0-9])([a-z0-9.-]|\{function\})*$", max_length=200)
]


class ValuesInvalidError(GreenroomError):
    """The file of values is not one; the message names the line or the setting."""

    code = "values_invalid"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretKey(_Strict):
    """A key of a Secret that stands in the namespace. ``{function}`` in `name` gives each function its own."""

    name: SecretName
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]


class Destination(_Strict):
    """Addresses that may be reached at one TCP port."""

    cidr: IPvAnyNetwork
    port: Annotated[int, Field(ge=1, le=65535)]


Destinations = Annotated[tuple[Destination, ...], Field(min_length=1)]


class NameService(_Strict):
    """The cluster's name service: its namespace, and the port of its pods (5353 in ``openshift-dns``)."""

    namespace: Name = "kube-system"
    port: Annotated[int, Field(ge=1, le=65535)] = 53


class Network(_Strict):
    """Where the pods may connect to, by the part of the settings that names it; what is left out is not reached.

    `callers`: namespaces whose pods may call the HTTP functions: Knative's own and its ingress.
    """

    store: Destinations
    database: Destinations
    broker: Destinations
    mail: Destinations
    webhooks: tuple[Destination, ...] = ()
    language_model: tuple[Destination, ...] = ()
    provider: tuple[Destination, ...] = ()
    name_service: NameService = NameService()
    callers: tuple[Name, ...] = ("knative-serving", "kourier-system")


class Values(_Strict):
    """One installation. `images` begins each image's name, `tag` ends it.

    `replicas`: workers of a function, where that is fewer than the table's `concurrency`.
    """

    namespace: Name
    images: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9./:_-]*[a-z0-9]$")]
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
    settings: dict[str, str]
    secrets: dict[str, SecretKey]
    network: Network
    replicas: dict[str, Annotated[int, Field(ge=1)]] = {}

    @model_validator(mode="after")
    def _no_secret_in_the_open(self) -> Self:
        if inline := sorted(self.settings.keys() & SECRET):
            raise ValueError(f"{inline[0]} is a secret: name a Secret's key below `secrets`")
        if twice := sorted(self.settings.keys() & self.secrets.keys()):
            raise ValueError(f"{twice[0]} stands below `settings` and `secrets`")
        if missing := sorted(REQUIRED - self.settings.keys() - self.secrets.keys()):
            raise ValueError(f"{missing[0]} is missing")
        return self


def read_values(path: Path, wiring: Mapping[str, Wired]) -> Values:
    """Read a YAML file of values and hold it against the table.

    Raises ValuesInvalidError; its message repeats no value, only where it stands.
    """
    try:
        values = Values.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ValuesInvalidError(f"{path} cannot be read") from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise ValuesInvalidError(f"{path} is no YAML (line {line})") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ValuesInvalidError(f"{path}: {place or 'values'}: {first['msg']}") from None
    _fits(values, wiring)
    return values


def _fits(values: Values, wiring: Mapping[str, Wired]) -> None:
    for variable in sorted(values.settings.keys() | values.secrets.keys()):
        if variable != BROKER_URL and not any(wired.given(variable) for wired in wiring.values()):
            raise ValuesInvalidError(f"{variable} is a setting of no function")
    for name, count in values.replicas.items():
        if name not in wiring or not wiring[name].has_queue:
            raise ValuesInvalidError(f"replicas: {name} has no queue")
        if count > wiring[name].concurrency:
            raise ValuesInvalidError(
                f"replicas: {name} may have {wiring[name].concurrency} at most"
            )
