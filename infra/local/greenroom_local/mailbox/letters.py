"""Received mails on disk: one file each, written and synced before the sender is told 250."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from greenroom_local.mailbox.reading import subject_of

_ID = re.compile(r"^[0-9]{13}-[0-9a-f]{8}$")


@dataclass(frozen=True)
class Envelope:
    """What the SMTP conversation said, beside the mail itself. `received_at` is ISO 8601, UTC."""

    id: str
    sender: str
    recipients: list[str]
    received_at: str
    subject: str


class Letters:
    """A folder of mails; ids sort by time of receipt."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        """Write a mail durably; its id. The envelope comes last: without it the mail is not there.

        Raises OSError, e.g. when the disk is full.
        """
        letter_id = f"{round(time.time() * 1000):013d}-{secrets.token_hex(4)}"
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        envelope = Envelope(letter_id, sender, list(recipients), received, subject_of(content))
        self._write(self._folder / f"{letter_id}.eml", content)
        described = json.dumps(asdict(envelope), ensure_ascii=False).encode()
        self._write(self._folder / f"{letter_id}.json", described)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return letter_id

    def newest_first(
        self,
        *,
        to: str | None = None,
        limit: int = 100,
        before: str | None = None,
        after: str | None = None,
    ) -> list[Envelope]:
        """Envelopes, those to the address `to` where given, between the ids `after` and `before`."""
        found: list[Envelope] = []
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            if before is not None and path.stem >= before:
                continue
            if after is not None and path.stem <= after:
                break
            envelope = Envelope(**json.loads(path.read_text("utf-8")))
            if to is None or to.lower() in (address.lower() for address in envelope.recipients):
                found.append(envelope)
            if len(found) == limit:
                break
        return found

    def envelope(self, letter_id: str) -> Envelope | None:
        path = self._folder / f"{letter_id}.json"
        if not _ID.match(letter_id) or not path.exists():
            return None
        return Envelope(**json.loads(path.read_text("utf-8")))

    def raw(self, letter_id: str) -> bytes:
        """The mail as it was received. The id must be one of `envelope`."""
        return (self._folder / f"{letter_id}.eml").read_bytes()

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        new = path.with_suffix(path.suffix + ".new")
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
