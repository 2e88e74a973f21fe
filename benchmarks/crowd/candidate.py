"""One simulated candidate: what the pages and the recorder ask, in the same order, by asyncio.

Like the recorder it asks again after every lost answer and every 5xx, sends a part under the same key until the store
has it, renews policies that are refused, and sends again what the server misses when it seals.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import tenacity

from benchmarks.crowd.clip import MIME_TYPE, Clip, Piece
from benchmarks.crowd.network import GoodLine, Line

IN_FLIGHT = 3
SAMPLE_EVERY_S = 5.0
PATIENCE_S = 300
"""Longer than any restart of what it talks to."""
SCRIPTS = sorted(path.name for path in Path("functions/portal/static").glob("*.js"))
"""What a browser fetches for the room when it comes for the first time, more or less."""
_ASSET = re.compile(r"/portal/static/[0-9a-f]+/")
_TLS = ssl.create_default_context()
"""One for all: making it costs more than a request."""
_AGAIN = tenacity.retry(
    retry=tenacity.retry_if_exception_type(httpx.TransportError),
    wait=tenacity.wait_random_exponential(multiplier=0.2, max=5),
    stop=tenacity.stop_after_delay(PATIENCE_S),
    reraise=True,
)


class Refused(Exception):
    """The server said no, and would say so again."""

    def __init__(self, asked: str, response: httpx.Response) -> None:
        super().__init__(f"{asked}: {response.status_code} {response.text[:300]}")
        self.status = response.status_code
        found = response.json() if "json" in response.headers.get("content-type", "") else {}
        self.code: str = found.get("code", "")
        self.fields: dict[str, Any] = found


class Candidate:
    """A context manager; one connection to the API and `IN_FLIGHT` to the store are kept, as a browser does."""

    def __init__(self, server: str, token: str, line: Line | None = None) -> None:
        self._token = token
        self._line = line or GoodLine()
        limits = httpx.Limits(max_connections=IN_FLIGHT)
        wanted: dict[str, Any] = {"verify": _TLS, "trust_env": False, "limits": limits}
        headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.AsyncClient(base_url=server, headers=headers, timeout=120, **wanted)
        self._store = httpx.AsyncClient(timeout=120, **wanted)
        self._unsent: list[dict[str, Any]] = []
        self._told: tuple[str, str | None] | None = None
        self._report_every_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.aclose()
        await self._store.aclose()

    # --- what the pages ask

    async def enter(self, *, assets: bool = True) -> dict[str, Any]:
        """The personal page, the room, its scripts with `assets`, the interview; the interview's view."""
        await self._call("GET", f"/i/{self._token}")
        room = await self._call("GET", f"/i/{self._token}/room")
        found = _ASSET.search(room.text)
        if assets and found is not None:
            for name in SCRIPTS:
                await self._call("GET", found[0] + name)
        return await self.view()

    async def view(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self._call("GET", "/v1/candidate/interview")).json()
        return found

    async def consent(self, *, scored: bool = True) -> None:
        given = {"recording": True, "transcript": scored, "face": scored, "ai_scoring": scored}
        await self._call("PUT", "/v1/candidate/consents", json=given)

    async def health(self, phase: str, answer: str | None = None) -> None:
        """One sample, as the room takes one every `SAMPLE_EVERY_S`; sent when the room would send it."""
        sample: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(),
            "phase": phase,
            "answer": answer,
            "attempt": None,
            "fps": 29.97,
            "snr_db": 31.5,
            "level_dbfs": -24.0,
            "camera": "ok",
            "screen_width": None,
            "screen_height": None,
            "waiting_s": 0,
            "pending_bytes": 0,
            "online": True,
        }
        self._unsent.append(sample)
        told = (phase, answer)
        # By samples, not by the clock: that of a recording stands still while the machine cannot follow.
        if told == self._told and len(self._unsent) * SAMPLE_EVERY_S < self._report_every_s:
            return
        reply = await self._call("POST", "/v1/candidate/health", json={"samples": self._unsent})
        self._unsent, self._told = [], told
        self._report_every_s = reply.json()["report_every_s"]

    # --- what the recorder asks

    async def start(self, answer: str) -> dict[str, Any]:
        """A new attempt: its number and its policies."""
        found: dict[str, Any] = (await self._call("POST", _attempts(answer), json={})).json()
        return found

    async def renew(self, answer: str, attempt: int) -> dict[str, Any]:
        path = f"{_attempts(answer)}/{attempt}/uploads"
        found: dict[str, Any] = (await self._call("POST", path, json={})).json()
        return found

    async def upload(self, started: dict[str, Any], pieces: list[Piece]) -> None:
        """Each of the parts is in the store when this returns."""
        policy = started["uploads"]["camera"]
        waiting = iter(self._line.order(pieces))

        async def lane() -> None:
            for piece in waiting:
                await self._send(policy, piece)

        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(IN_FLIGHT, len(pieces))):
                lanes.create_task(lane())

    async def seal(
        self, started: dict[str, Any], clip: Clip, without: frozenset[int] = frozenset()
    ) -> str:
        """The sealed manifest's digest. What the server misses is sent again first."""
        path = f"{_attempts(started['answer'])}/{started['attempt']}/complete"
        manifest = clip.manifest(without)
        while True:
            try:
                answer = await self._call("POST", path, json=manifest)
                return str(answer.json()["manifest_sha256"])
            except Refused as refused:
                if refused.code != "parts_missing":
                    raise
                missed = {one["part"] for one in refused.fields["parts"]}
                again = [piece for piece in clip.pieces if piece.number in missed]
                await self.upload(await self.renew(started["answer"], started["attempt"]), again)

    async def submit(self) -> None:
        await self._call("POST", "/v1/candidate/submission", json={})

    @_AGAIN
    async def _send(self, policy: dict[str, Any], piece: Piece) -> None:
        key = f"{policy['key_prefix']}0000/{piece.number:06d}"
        fields = {**policy["fields"], "key": key, "Content-Type": MIME_TYPE}
        response = await self._line.send(self._store, policy["url"], fields, piece.body)
        _check(f"part {piece.number}", response)

    @_AGAIN
    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = await self._api.request(method, path, **options)
        _check(f"{method} {path}", response)
        return response


def _attempts(answer: str) -> str:
    return f"/v1/candidate/answers/{answer}/attempts"


def _check(asked: str, response: httpx.Response) -> None:
    """Raises `Refused`; httpx.TransportError for what may go well the next time."""
    if response.status_code >= 500 or response.status_code in (408, 425, 429):
        raise httpx.RemoteProtocolError(f"{asked}: status {response.status_code}")
    if response.is_client_error:
        raise Refused(asked, response)


async def all_of(tasks: list[Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Run them, so many at a time."""
    waiting = iter(tasks)

    async def lane() -> None:
        for task in waiting:
            await task()

    async with asyncio.TaskGroup() as lanes:
        for _ in range(min(at_once, len(tasks))):
            lanes.create_task(lane())
