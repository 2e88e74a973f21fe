"""A worker killed in the middle of its message: it is started again, and the message is not kept waiting."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from greenroom_local.queue import Queue
from greenroom_local.supervisor import Child, Supervisor

WORKER = """
import pathlib, sys, time
from greenroom.host.worker import Worker, run_until_signal
from greenroom.runtime.function import Function
from greenroom_local.queue import Queue

folder = pathlib.Path(sys.argv[1])
app = Function("small", "greenroom.runtime.settings:FunctionSettings")

@app.on_object("in/", suffix=".json")
def take(event):
    with (folder / "begun").open("a") as begun:
        begun.write(event.key + "\\n")
    while (folder / "busy").exists():
        time.sleep(0.01)
    with (folder / "done").open("a") as done:
        done.write(event.key + "\\n")

# A lease of an hour: who waits for it to run out does not pass this test.
run_until_signal(Worker(app, Queue(folder), owner="worker-small", lease_s=3600))
"""


def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def notification(key: str) -> str:
    stored = {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}
    return json.dumps({"Records": [record]})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_nothing_is_lost_and_nothing_waits(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "small_worker.py").write_text(WORKER)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    queue = Queue(tmp_path)
    (tmp_path / "busy").touch()
    keys = ["in/1.json", "in/2.json", "in/3.json"]
    for key in keys:
        queue.send("small", notification(key))

    def lines(name: str) -> list[str]:
        path = tmp_path / name
        return path.read_text().split() if path.exists() else []

    supervisor = Supervisor(tmp_path / "logs")
    arguments = [str(tmp_path)]
    supervisor.start(
        Child(
            "small",
            "small_worker",
            arguments,
            environment,
            died=lambda: queue.release_owner("worker-small"),
        )
    )
    until(lambda: lines("begun"))
    first = supervisor.pid("small")
    os.kill(first, number)
    if number == signal.SIGKILL:
        until(lambda: len(lines("begun")) == 2)  # in the new worker's hands
        assert supervisor.pid("small") != first
    (tmp_path / "busy").unlink()
    until(lambda: set(lines("done")) == set(keys))
    until(lambda: queue.depth("small").oldest_age_s == 0)
    assert sorted(lines("done")) == keys
    tries = {signal.SIGKILL: 4, signal.SIGTERM: 3}[number]
    assert len(lines("begun")) == tries  # SIGTERM let the message in hand finish
    supervisor.stop()
    queue.close()
