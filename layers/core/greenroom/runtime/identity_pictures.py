"""Identity pictures as they rest in the store: sealed before they get there, opened only to be shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

from greenroom.domain import keys
from greenroom.domain.errors import MisconfiguredSetting, NotFound
from greenroom.domain.identity import PICTURES, IdentityPicture
from greenroom.runtime.envelope import Envelope

if TYPE_CHECKING:
    from pydantic import SecretStr

    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.settings import IdentitySettings


class HasIdentity(Protocol):
    """Settings of a function that may meet identity pictures."""

    @property
    def identity(self) -> IdentitySettings | None: ...


def picture_named(name: str) -> IdentityPicture:
    """Raises `NotFound` (`unknown_picture`)."""
    for picture in PICTURES:
        if name == picture:
            return picture
    raise NotFound(
        f"no picture {name[:20]!r}; there are {', '.join(PICTURES)}", code="unknown_picture"
    )


def identity_settings(settings: HasIdentity) -> IdentitySettings:
    """Raises `MisconfiguredSetting` where an installation asks for pictures and has no key to seal them."""
    if settings.identity is None:
        name = "GREENROOM_IDENTITY__KEY"
        raise MisconfiguredSetting(f"{name}: needed for identity pictures", setting=name)
    return settings.identity


class SealedPictures:
    """The pictures below ``identity/``. Raises what the store raises."""

    def __init__(self, store: ObjectStore, settings: IdentitySettings) -> None:
        self._store = store
        self._envelope = Envelope(_raw(settings.key), [_raw(key) for key in settings.former_keys])

    def put(self, interview: str, picture: IdentityPicture, jpeg: bytes) -> None:
        key = keys.identity(interview, picture)
        self._store.put(key, self._envelope.seal(key, jpeg), "application/octet-stream")

    def get(self, interview: str, picture: IdentityPicture) -> bytes:
        """The JPEG. Raises `NotFound` (`no_such_object`), `Unreadable`."""
        key = keys.identity(interview, picture)
        return self._envelope.open(key, self._store.get(key))


def _raw(key: SecretStr) -> bytes:
    return base64.b64decode(key.get_secret_value())
