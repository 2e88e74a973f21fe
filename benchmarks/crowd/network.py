"""A candidate's line to the store: a good one, or one that loses, stalls, repeats and reorders what is sent."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from benchmarks.crowd.clip import Piece

FAULTS = ("lost", "stalled", "duplicated")
STALL_S = 0.2
_BOUNDARY = "----candidate"


class Line(Protocol):
    """How one part gets to the store."""

    def order(self, pieces: list[Piece]) -> list[Piece]:
        """The order in which parts are sent."""

    async def send(
        self, store: httpx.AsyncClient, url: str, fields: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        """One try. Raises httpx.TransportError when it did not get through, or its answer did not."""


class GoodLine:
    """Everything arrives, once and in order."""

    def order(self, pieces: list[Piece]) -> list[Piece]:
        return pieces

    async def send(
        self, store: httpx.AsyncClient, url: str, fields: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        head = b"".join(_form(fields))
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        return await store.post(url, content=head + body + tail, headers=kind)


@dataclass
class FlakyLine(GoodLine):
    """Every second try meets a fault; parts go out in any order. `met` counts what happened."""

    chance: random.Random
    met: Counter[str] = field(default_factory=Counter)

    def order(self, pieces: list[Piece]) -> list[Piece]:
        shuffled = self.chance.sample(pieces, len(pieces))
        self.met["reordered"] += shuffled != pieces
        return shuffled

    async def send(
        self, store: httpx.AsyncClient, url: str, fields: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        fault = self.chance.choice(FAULTS) if self.chance.random() < 0.5 else None
        if fault is not None:
            self.met[fault] += 1
        if fault == "lost":
            raise httpx.ConnectError("the line lost it")
        if fault == "stalled":
            await self._stall(store, url, fields, body)
        if fault == "duplicated":
            await super().send(store, url, fields, body)
        return await super().send(store, url, fields, body)

    async def _stall(
        self, store: httpx.AsyncClient, url: str, fields: Mapping[str, str], body: bytes
    ) -> None:
        """Half of the body arrives, then nothing; the client gives up. Always raises httpx.TransportError."""
        whole = b"".join(_form(fields)) + body

        async def half() -> AsyncIterator[bytes]:
            yield whole[: len(whole) // 2]
            await asyncio.sleep(STALL_S)
            raise httpx.WriteTimeout("the line stalled")

        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Content-Length": str(len(whole)),
        }
        await store.post(url, content=half(), headers=headers)
        raise httpx.WriteTimeout("the line stalled")


def _form(fields: Mapping[str, str]) -> Iterator[bytes]:
    """A form up to its file's bytes."""
    part = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
    for name, value in fields.items():
        yield f'{part}name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield f'{part}name="file"; filename="part"\r\nContent-Type: video/webm\r\n\r\n'.encode()
