"""The deployment as its settings describe it: every function's own settings, read as the function would."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from greenroom.domain.errors import MisconfiguredSetting
from greenroom.host.wiring import load_function, read_wiring
from greenroom_cli.doctor.finding import Finding, fault, good

if TYPE_CHECKING:
    from greenroom.adapters.database import Database
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.settings import LinkSettings, MailSettings, StoreSettings


@dataclass
class Deployment:
    """Parts of settings by name (`store`, `mail`, …): those of all functions together; without what is missing."""

    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def store_settings(self) -> StoreSettings | None:
        return self.parts.get("store")

    @property
    def mail(self) -> MailSettings | None:
        return self.parts.get("mail")

    @property
    def links(self) -> LinkSettings | None:
        return self.parts.get("links")

    @cached_property
    def store(self) -> ObjectStore | None:
        from greenroom.adapters.object_store import ObjectStore

        wanted = self.store_settings
        if wanted is None:
            return None
        return ObjectStore(
            bucket=wanted.bucket,
            endpoint=wanted.endpoint,
            access_key=wanted.access_key,
            secret_key=wanted.plain_secret_key,
            region=wanted.region,
            public_endpoint=wanted.public_endpoint,
        )

    @cached_property
    def database(self) -> Database | None:
        """Raises `MisconfiguredSetting` when the URL is none."""

        wanted = self.parts.get("database")
        return None if wanted is None else wanted.opened()


def read_settings() -> tuple[Deployment, list[Finding]]:
    """What could be read, and a finding for each setting that stops a function."""
    deployment = Deployment()
    stopped: dict[str, list[str]] = {}
    for name in read_wiring():
        try:
            settings = load_function(name).settings
        except MisconfiguredSetting as error:
            stopped.setdefault(error.detail, []).append(name)
            continue
        for part in type(settings).model_fields:
            deployment.parts.setdefault(part, getattr(settings, part))
    findings = [
        fault(
            "settings",
            f"{', '.join(names)} cannot start: {detail}",
            "Set it; see docs/settings.md.",
        )
        for detail, names in stopped.items()
    ]
    return deployment, findings or [good("settings", "every function reads its settings")]
