"""The deployment as its settings describe it: every function's own settings, read as the function would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from greenroom.domain.errors import MisconfiguredSetting
from greenroom.host.wiring import load_function, read_wiring
from greenroom.runtime.settings import PREFIX, in_clear
from greenroom_cli.doctor.finding import Finding, fault, good, warning

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.adapters.mail import MailConnection
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.settings import LinkSettings, MailSettings, StoreSettings


@dataclass
class Deployment:
    """Parts of settings by name (`store`, `mail`, …): those of all functions together; without what is missing.

    `platform`: the folder of a pocket platform, where it is one.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    platform: Path | None = None

    @property
    def store_settings(self) -> StoreSettings | None:
        return self.parts.get("store")

    @property
    def mail(self) -> MailSettings | None:
        return self.parts.get("mail")

    @property
    def links(self) -> LinkSettings | None:
        return self.parts.get("links")

    @property
    def origin(self) -> str | None:
        """Where the pages are, as browsers name it."""
        return None if self.links is None else "/".join(self.links.public_url.split("/")[:3])

    @cached_property
    def store(self) -> ObjectStore | None:
        wanted = self.store_settings
        return None if wanted is None else wanted.opened()

    @cached_property
    def database(self) -> Database | None:
        """Raises `MisconfiguredSetting` when the URL is none."""

        wanted = self.parts.get("database")
        return None if wanted is None else wanted.opened()

    def relay(self) -> AbstractContextManager[MailConnection]:
        """A session with the SMTP relay. Raises `MisconfiguredSetting`, `RelayUnavailable`."""
        from greenroom.adapters.mail import Mailer

        mail = self.mail
        if mail is None:
            raise MisconfiguredSetting("no relay is set")
        password = None if mail.password is None else mail.password.get_secret_value()
        return Mailer(
            *(mail.host, mail.port, mail.sender, mail.username, password),
            *(mail.starttls, mail.timeout_s),
        ).connection()


def read_settings(platform: Path | None = None) -> tuple[Deployment, list[Finding]]:
    """What could be read, and a finding for each setting that stops a function."""
    deployment = Deployment(platform=platform)
    stopped: dict[str, list[str]] = {}
    clear: dict[str, str] = {}
    for settings in _each(stopped):
        for part in type(settings).model_fields:
            deployment.parts.setdefault(part, getattr(settings, part))
        clear.update(in_clear(settings))
    findings = [
        fault("settings", "stopped", functions=", ".join(names), why=detail)
        for detail, names in stopped.items()
    ]
    findings = findings or [good("settings")]
    for variable, lacking in clear.items():
        findings.append(warning("settings.tls", "in_clear", setting=variable, lacking=lacking))
    return deployment, findings


def _each(stopped: dict[str, list[str]]) -> Iterator[BaseModel]:
    """The settings of every function, and of workers where a broker is set; what stops one is added to `stopped`."""
    from greenroom.host import amqp_worker

    readers: dict[str, Any] = {
        name: lambda name=name: load_function(name).settings for name in read_wiring()
    }
    if any(name.startswith(f"{PREFIX}BROKER__") for name in os.environ):
        readers["worker"] = amqp_worker.Settings.load
    for name, read in readers.items():
        try:
            yield read()
        except MisconfiguredSetting as error:
            stopped.setdefault(error.detail, []).append(name)
