"""Serve a folder as an object store: python -m greenroom_local.object_store --data FOLDER."""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import socket
import sys
from pathlib import Path

import uvicorn

from greenroom_local.object_store.app import create_app
from greenroom_local.object_store.settings import StoreSettings

ACCESS_KEY = "GREENROOM_STORE_ACCESS_KEY"
SECRET_KEY = "GREENROOM_STORE_SECRET_KEY"  # noqa: S105 -- the name of a variable

SWITCH_S = 0.0005
"""How long the busy loop may keep the interpreter from a thread that has flushed, in seconds. With Python's
5 ms the catalogue's writer waited at every statement: small uploads took twice as long."""

KEPT_BYTES = 32 * 2**20
"""Free memory that is kept for what comes next, and the largest block that is taken from it."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def main(settings: StoreSettings, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve until SIGTERM or SIGINT. Port 0 takes a free one; the first line on stdout tells the URL.

    The line is written once the port is taken: connections wait from then on until the app answers.
    """
    sys.setswitchinterval(SWITCH_S)
    _keep_memory()
    gc.freeze()  # what was imported stays: no collection looks at it again
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=2048) as listener:
        name = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"http://{name}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            create_app(settings),
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
        )
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
    if not server.started:
        sys.exit(1)


def _keep_memory() -> None:
    """Let glibc reuse the blocks that bodies pass through instead of asking the system for each anew.

    Fresh pages for every 256 KiB that arrive cost more than copying them. (mallopt(3); other C libraries lack it)
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)


def _from_command_line() -> None:
    parser = argparse.ArgumentParser(prog="greenroom_local.object_store", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of bytes and catalogue")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--reserve", type=int, help="bytes of the disk to leave free")
    arguments = parser.parse_args()
    missing = [name for name in (ACCESS_KEY, SECRET_KEY) if not os.environ.get(name)]
    if missing:
        parser.error(f"set {' and '.join(missing)}")
    optional = {} if arguments.reserve is None else {"reserve_bytes": arguments.reserve}
    settings = StoreSettings(
        folder=arguments.data,
        access_key=os.environ[ACCESS_KEY],
        secret_key=os.environ[SECRET_KEY],
        **optional,
    )
    main(settings, arguments.host, arguments.port)


if __name__ == "__main__":
    _from_command_line()
