"""The secrets of a pocket platform: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from greenroom.runtime.passwords import new_password
from greenroom.runtime.tokens import new_api_key


@dataclass(frozen=True)
class Secrets:
    """Made at the first start and kept: links and sessions stay good across restarts."""

    store_access_key: str
    store_secret_key: str
    token_key: str
    identity_key: str
    erasure_key: str
    database_key: str
    admin_password: str
    api_key_id: str
    api_key: str
    api_key_sha256: str

    @classmethod
    def keep(cls, path: Path) -> Secrets:
        """Those in `path`, made now where the file is missing."""
        if not path.exists():
            key_id, plain, digest = new_api_key()
            made = cls(
                store_access_key=secrets.token_hex(10),
                store_secret_key=secrets.token_urlsafe(30),
                token_key=secrets.token_urlsafe(48),
                identity_key=_key(),
                erasure_key=_key(),
                database_key=_key(),
                admin_password=new_password(),
                api_key_id=key_id,
                api_key=plain,
                api_key_sha256=digest,
            )
            write_private(path, asdict(made))
        kept = json.loads(path.read_text("utf-8"))
        for name, make in (
            ("identity_key", _key),
            ("erasure_key", _key),
            ("database_key", _key),
            ("admin_password", new_password),
        ):
            if name not in kept:  # a folder of an earlier version
                kept[name] = make()
                write_private(path, kept)
        return cls(**kept)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Readable by the owner only, whole or not at all, and on disk when this returns."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
