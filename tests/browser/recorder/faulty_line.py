"""A line to the object store that can be made to stall, to reset, to refuse, or to answer with an error."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from typing import Literal

Mode = Literal["pass", "stall", "reset", "500", "503", "403"]

CORS = "Access-Control-Allow-Origin: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FaultyLine:
    """A TCP proxy in a thread; `mode` holds for new and for open connections.

    `sent_bytes` counts what went to the store, headers included.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.mode: Mode = "pass"
        self.connections = 0
        self.sent_bytes = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        )
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            if self.mode.isdigit():
                await self._answer(reader, writer)
            else:
                onward = await asyncio.open_connection(*self._target)
                await asyncio.gather(
                    self._pump(reader, onward[1], writer), self._pump(onward[0], writer, writer)
                )
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        await reader.readexactly(length)
        writer.write(f"HTTP/1.1 {self.mode} Fault\r\n{CORS}".encode())
        await writer.drain()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65_536):
            if self.mode == "reset":
                raw = client.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.transport.abort()
                writer.transport.abort()
                return
            while self.mode == "stall":
                await asyncio.sleep(0.05)
            if writer is not client:
                self.sent_bytes += len(data)
            writer.write(data)
            await writer.drain()
        writer.close()
