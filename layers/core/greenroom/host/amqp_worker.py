"""A worker over RabbitMQ, a plain process on any host; as many as the work asks for.

    python -m greenroom.host.amqp_worker --function chunk_assembly
    python -m greenroom.host.amqp_worker --schedules

It consumes its function's queue and, in a thread of its own, the ticks of its schedules: a sweep must not wait for a
long recording. SIGTERM lets what is in hand finish. Killed, its connection ends and the broker gives the message to
another.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from greenroom.adapters.broker_queue import BrokerQueue
from greenroom.domain.errors import GreenroomError, Unavailable
from greenroom.host.health import serve_probes
from greenroom.host.ticks import Ticks
from greenroom.host.topology import retries, tick_queues
from greenroom.host.wiring import Wired, load_function, read_wiring
from greenroom.host.worker import Worker
from greenroom.runtime import logs
from greenroom.runtime.settings import BrokerSettings, FunctionSettings

if TYPE_CHECKING:
    from greenroom.runtime.function import Function

HANG_S = 25 * 60.0
"""A handler that runs this long, in seconds, hangs. RabbitMQ takes a message back after 30 minutes."""
LOST_STATUS = 70
"""Exit status when a thread ended that should not have (EX_SOFTWARE)."""


class Settings(FunctionSettings):
    """What a worker needs beside its function's own settings."""

    broker: BrokerSettings


class Lanes:
    """The threads that work off one function's queues; `run` returns when all have ended."""

    def __init__(self, app: Function[Any], wired: Wired, url: str) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._whole = True
        self._queues = []
        if wired.triggers:
            self._queues.append(BrokerQueue(url, [wired.name], retries=retries(wired.name)))
        if wired.schedules:
            # A tick that failed is not tried again: the next one does the same.
            self._queues.append(BrokerQueue(url, tick_queues(wired), retries=None))
        owner = f"worker-{os.getpid()}"
        self._workers = [Worker(app, queue, owner=owner, hang_s=HANG_S) for queue in self._queues]

    def check(self) -> None:
        """Raises `Unavailable` unless broker and database answer."""
        if not all(queue.is_connected for queue in self._queues):
            raise Unavailable("the broker does not answer", code="broker_unavailable")
        self._app.database.ping()

    def stop(self) -> None:
        self._stopping.set()
        for worker in self._workers:
            worker.stop()

    def run(self) -> bool:
        """Work until `stop`; False when a thread ended without it."""
        threads = [threading.Thread(target=self._work, args=(one,)) for one in self._workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for queue in self._queues:
            queue.close()
        return self._whole

    def _work(self, worker: Worker) -> None:
        try:
            worker.run()
        finally:
            if not self._stopping.is_set():
                self._whole = False
                self.stop()


def serve(wanted: Lanes | Ticks, port: int | None, host: str) -> int:
    """Run until SIGTERM or SIGINT, with probes on `port`; the exit status."""
    # Each connection and each loss of one, in several lines: what matters of it we say ourselves.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: wanted.stop())
    if port is not None:
        probes = serve_probes(host, port, wanted.check)
        sys.stdout.write(f"http://{host}:{probes.server_address[1]}\n")
        sys.stdout.flush()
    return 0 if wanted.run() else LOST_STATUS


def lanes_of(function: str) -> Lanes:
    """The worker of one function. Raises `MisconfiguredSetting`, and `GreenroomError` (`no_queue`) for a function that
    requests alone start."""
    wired = read_wiring().get(function)
    if wired is None or not wired.has_queue:
        raise GreenroomError(f"no function {function} takes objects or ticks", code="no_queue")
    url = Settings.load().broker.url.get_secret_value()
    app = load_function(function)
    _ = app.settings  # a bad setting stops the start, not the first message
    return Lanes(app, wired, url)


def schedules() -> Ticks:
    """The schedules of all functions. Raises `MisconfiguredSetting`."""
    return Ticks(read_wiring(), Settings.load().broker.url.get_secret_value())


def main() -> None:
    parser = argparse.ArgumentParser(prog="greenroom.host.amqp_worker", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--function")
    what.add_argument("--schedules", action="store_true")
    parser.add_argument("--port", type=int, help="of the probes; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="that the probes listen on")
    arguments = parser.parse_args()
    logs.configure()
    try:
        wanted = schedules() if arguments.schedules else lanes_of(arguments.function)
    except GreenroomError as error:
        sys.exit(error.detail)
    sys.exit(serve(wanted, arguments.port, arguments.host))


if __name__ == "__main__":
    main()
