"""What goes wrong in the house during a season: workers, API, broker, database and store killed with SIGKILL in turn.

What has ended is started again, as a company's supervisor does. Ceph 16's gateway may end by a segmentation fault when
its broker is killed: that counts as weather too, and is mended the same way.
"""

from __future__ import annotations

import _thread
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from benchmarks.crowd.house import House

WORKERS = ("invitation", "chunk_assembly", "quality_check", "analysis", "status_sync")
STACK = ("rabbitmq", "postgres")
MEND_EVERY_S = 2.0
"""A supervisor looks more often than anything is killed."""


class Weather:
    """A context manager; `met` counts what was killed. What breaks the weather itself ends the block, and is raised."""

    def __init__(self, house: House, every_s: float) -> None:
        self._house = house
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weather")
        self._failure: BaseException | None = None
        self.met: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        turns = itertools.cycle([*map(self._worker, WORKERS), self._api, *map(self._part, STACK)])
        next_kill = time.monotonic() + self._every_s
        try:
            while not self._over.wait(MEND_EVERY_S):
                self.met["store, by itself"] += self._house.mend()
                if time.monotonic() >= next_kill:
                    next(turns)()
                    next_kill = time.monotonic() + self._every_s
        except BaseException as error:  # noqa: BLE001  (raised again where the block ends)
            self._failure = error
            _thread.interrupt_main()  # else everybody would wait for a house that nobody mends

    def _worker(self, name: str) -> Callable[[], None]:
        def kill() -> None:
            self._house.deployment.kill(name)
            self._house.deployment.start(name)
            self.met[name] += 1

        return kill

    def _api(self) -> None:
        self._house.deployment.kill("http")
        self._house.deployment.start_http()
        self.met["api"] += 1

    def _part(self, name: str) -> Callable[[], None]:
        def kill() -> None:
            self._house.stack.kill(name)
            self._house.stack.start()
            self.met[name] += 1

        return kill
