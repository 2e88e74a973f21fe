"""The pocket platform's TCP ports, all on loopback."""

from __future__ import annotations

import socket
from dataclasses import astuple, dataclass

HOST = "127.0.0.1"


class PortInUse(RuntimeError):
    """Another program listens on a port that the platform needs."""


@dataclass(frozen=True)
class Ports:
    http: int = 8000
    store: int = 8001
    mailbox: int = 8002
    smtp: int = 8025

    @classmethod
    def beginning_with(cls, first: int) -> Ports:
        """`first` and the two after it for pages, store and mailbox; SMTP is 25 above the first."""
        return cls(http=first, store=first + 1, mailbox=first + 2, smtp=first + 25)

    @classmethod
    def free(cls) -> Ports:
        """Four ports that nobody uses now."""
        sockets = [socket.create_server((HOST, 0)) for _ in range(4)]
        try:
            return cls(*(found.getsockname()[1] for found in sockets))
        finally:
            for found in sockets:
                found.close()

    def check(self) -> None:
        """Raises `PortInUse`.

        Without this the platform would take another program's answer for that of its own process.
        """
        for port in astuple(self):
            try:
                socket.create_server((HOST, port)).close()
            except OSError as error:
                raise PortInUse(
                    f"port {port} on {HOST} cannot be taken: {error.strerror}"
                ) from error
