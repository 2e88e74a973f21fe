"""The worker that erases is killed between two objects: the next one certifies what the first one found."""

from __future__ import annotations

import os
import subprocess
import sys

from functions.retention.app import app as retention
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.runtime.erasing import ask
from tests.erasable import ERASED, HR, tables_naming, two_candidates
from tests.function_client import FunctionClient
from tests.seeded import set_up

PARTS = 200


def test_killed_between_objects(platform: None, database: Database, store: ObjectStore) -> None:
    set_up(retention)
    erased, _ = two_candidates(database, store)
    folder = f"uploads/{erased}/"
    for part in range(PARTS):
        store.put(f"{folder}sheet/1/camera/0000/{part:06d}", b"part", "video/webm")
    there = len(list(store.listing(folder)))
    with database.begin() as tx:
        erasure = ask(tx, f"c-{ERASED}", HR).id
    command = [sys.executable, "-m", "tests.faults.erasure_worker", keys.erasure(erasure)]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL) as killed:
        while len(list(store.listing(folder))) == there:
            assert killed.poll() is None
        killed.kill()
    assert 0 < len(list(store.listing(folder))) < there
    client = FunctionClient(retention)
    assert client.objects(keys.erasure(erasure)) == [0], "nobody is told yet"
    with database.begin() as tx:
        steps = [(erased, step.seq) for step in tx.process_log.list(erased)]
        tx.process_log.mark_published(steps)
    assert len(steps) == 1
    assert client.objects(keys.erasure(erasure)) == []
    with database.begin() as tx:
        signed = tx.erasures.get(erasure).certificate
    assert signed is not None
    removed = {one.prefix: one.versions for one in signed.certificate.objects}
    assert removed["uploads/"] == there
    assert signed.certificate.left == []
    assert tables_naming(database, ERASED) == set()
