"""The schedules of the wiring table, told to the functions' queues of ticks over RabbitMQ.

Ticks fall on whole multiples of their minutes, and once at the start, which makes up for what a pause has missed. Run
two for a machine that may fail: both tick at the same moments, a queue of ticks holds one, and what a tick starts is a
sweep, which finds nothing to do the second time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog

from greenroom.adapters.broker import connected
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import GreenroomError, Unavailable
from greenroom.host.topology import EVENTS
from greenroom.host.wiring import Wired
from greenroom.runtime.invocation import TICK_SOURCE

CHECK_S = 1.0
RECONNECT_S = 5.0


class Ticks:
    """All schedules of `wiring`; `clock` says when they are due."""

    def __init__(self, wiring: Mapping[str, Wired], url: str, *, clock: Clock = now_utc) -> None:
        self._url = url
        self._clock = clock
        self._minutes = {
            (function, schedule.name): schedule.minutes
            for function, wired in wiring.items()
            for schedule in wired.schedules
        }
        self._last: dict[tuple[str, str], int] = {}
        self._stopping = threading.Event()
        self._connected = False
        self._log = structlog.get_logger("schedules")

    def check(self) -> None:
        """Raises `Unavailable` unless the broker answers."""
        if not self._connected:
            raise Unavailable("the broker does not answer", code="broker_unavailable")

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> bool:
        """Tick until `stop`, over one connection after another."""
        while not self._stopping.is_set():
            try:
                self._over_one_connection()
            except GreenroomError as error:
                self._log.warning("broker_lost", error=error.detail)
                self._stopping.wait(RECONNECT_S)
            finally:
                self._connected = False
        return True

    def due(self) -> Iterator[tuple[str, str]]:
        """(routing key, message) of what is due now. It was told once the next is asked for."""
        now = self._clock()
        for (function, name), minutes in self._minutes.items():
            period = int(now.timestamp() // (60 * minutes))
            if self._last.get((function, name)) != period:
                yield f"{function}.{name}", _message(name, now)
                self._last[function, name] = period

    def _over_one_connection(self) -> None:
        with connected(self._url, "greenroom schedules") as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            self._connected = True
            self._log.info("broker_connected")
            while not self._stopping.is_set():
                for key, message in self.due():
                    channel.basic_publish(EVENTS, key, message.encode(), mandatory=True)
                connection.process_data_events(time_limit=CHECK_S)


def _message(name: str, now: datetime) -> str:
    return json.dumps({"source": TICK_SOURCE, "detail": {"name": name}, "time": now.isoformat()})
