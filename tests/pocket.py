"""A pocket object store in its own process, for tests that want the real thing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from greenroom.adapters.object_store import ObjectStore

ACCESS_KEY, SECRET_KEY, BUCKET = "pocketkey", "pocketsecret", "greenroom"


@dataclass(frozen=True)
class Pocket:
    """A running store, in process `pid`. `environment` is what a function needs to use it."""

    url: str
    store: ObjectStore
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GREENROOM_STORE__ENDPOINT": self.url,
            "GREENROOM_STORE__BUCKET": BUCKET,
            "GREENROOM_STORE__ACCESS_KEY": ACCESS_KEY,
            "GREENROOM_STORE__SECRET_KEY": SECRET_KEY,
        }


@contextmanager
def pocket_store(folder: Path) -> Iterator[Pocket]:
    """Serve `folder` on a free port, with the bucket made."""
    keys = {"GREENROOM_STORE_ACCESS_KEY": ACCESS_KEY, "GREENROOM_STORE_SECRET_KEY": SECRET_KEY}
    server = subprocess.Popen(
        [sys.executable, "-m", "greenroom_local.object_store", "--data", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **keys},
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        store = ObjectStore(
            bucket=BUCKET, endpoint=url, access_key=ACCESS_KEY, secret_key=SECRET_KEY
        )
        store.ensure_bucket(cors_origins=["*"], rules=[])
        yield Pocket(url, store, server.pid)
    finally:
        server.terminate()
        server.wait(30)  # it may still answer what it was asked, for 10 s
        if server.stdout is not None:
            server.stdout.close()
