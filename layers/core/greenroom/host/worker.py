"""A queue worker: takes one message at a time, hands it to its function as Lambda would, settles it.

A message is deleted only after its handler returned. While the handler runs, a heartbeat keeps the lease; when the
worker is killed, the lease runs out (or its supervisor ends it) and the message is delivered again. SIGTERM lets the
message in hand finish. A handler that does not come back gives its message up, and its process with it: the queue
counts that try like any other.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from greenroom.domain.errors import GreenroomError
from greenroom.runtime.invocation import TICK_SOURCE, scheduled_event
from greenroom.runtime.logs import bound

if TYPE_CHECKING:
    from greenroom.runtime.function import Function

LEASE_S = 30.0
"""Seconds that a message stays hidden without a heartbeat."""
WAIT_S = 1.0
"""Longest wait for a message, in seconds: how long SIGTERM may go unnoticed."""
HANG_S = 2 * 3600.0
"""A handler that runs this long, in seconds, hangs. Far above what the wiring table grants a FaaS: nobody waits for
this machine by the second, and a long recording on a slow one must not be begun again and again."""
HUNG_STATUS = 75
"""Exit status of a worker that ends because its handler hangs (EX_TEMPFAIL)."""


class Message(Protocol):
    """What a queue delivers."""

    @property
    def id(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def receive_count(self) -> int: ...
    @property
    def receipt(self) -> str: ...
    @property
    def first_sent(self) -> datetime: ...


class Queue(Protocol):
    """What a worker asks of a queue; SQS and RabbitMQ can give the same."""

    def receive(
        self,
        queue: str,
        owner: str,
        visibility_s: float,
        max_messages: int = 1,
        wait_s: float = 0.0,
    ) -> Sequence[Message]: ...

    def extend(self, receipt: str, visibility_s: float) -> bool: ...
    def delete(self, receipt: str) -> bool: ...
    def release(self, receipt: str, delay_s: float | None = None, error: str = "") -> bool: ...


class Worker:
    """Works off one function's queue until `stop` is called. Times are in seconds.

    `on_hang` is called from the heartbeat's thread once a handler's message was given up.
    """

    def __init__(
        self,
        app: Function[Any],
        queue: Queue,
        *,
        owner: str,
        lease_s: float = LEASE_S,
        hang_s: float = HANG_S,
        on_hang: Callable[[], None] = lambda: os._exit(HUNG_STATUS),
    ) -> None:
        self._app = app
        self._queue = queue
        self._owner = owner
        self._lease_s = lease_s
        self._hang_s = hang_s
        self._on_hang = on_hang
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End after the message in hand."""
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            self.run_once(wait_s=WAIT_S)

    def run_once(self, wait_s: float = 0.0) -> bool:
        """Take and settle one message; False when none came within `wait_s`."""
        messages = self._queue.receive(
            self._app.app_name, self._owner, self._lease_s, max_messages=1, wait_s=wait_s
        )
        for message in messages:
            with bound(message_id=message.id):
                self._work(message)
        return bool(messages)

    def _work(self, message: Message) -> None:
        started = time.monotonic()
        with self._heartbeat(message):
            error = self._failure(message)
        log = self._app.logger.bind(
            receive_count=message.receive_count, seconds=round(time.monotonic() - started, 3)
        )
        if error is None:
            held = self._queue.delete(message.receipt)
            # Where the lease was lost meanwhile, somebody else has the message: done twice, which is harmless.
            log.info("message_done", held=held)
        else:
            self._queue.release(message.receipt, error=error)
            log.warning("message_released", error=error)

    def _failure(self, message: Message) -> str | None:
        """Run the handler; why it failed, None when it did not."""
        try:
            outcome = handle(self._app, message)
        except GreenroomError as error:
            return f"{error.code}: {error.detail}"
        except Exception as error:  # a fault of ours must not end the worker: the queue keeps it
            self._app.logger.exception("handler_failed")
            return f"{type(error).__name__}: {error}"
        failed = {item["itemIdentifier"] for item in (outcome or {}).get("batchItemFailures", [])}
        return "the handler asked for another try" if message.id in failed else None

    @contextmanager
    def _heartbeat(self, message: Message) -> Iterator[None]:
        done = threading.Event()
        log = self._app.logger.bind(message_id=message.id)
        hangs_at = time.monotonic() + self._hang_s

        def beat() -> None:
            while not done.wait(min(self._lease_s / 3, self._hang_s)):
                if time.monotonic() >= hangs_at:
                    error = f"the handler did not come back within {self._hang_s:.0f} s"
                    log.error("handler_hangs", error=error)
                    self._queue.release(message.receipt, error=error)
                    self._on_hang()
                    return
                try:
                    held = self._queue.extend(message.receipt, self._lease_s)
                except (
                    Exception
                ):  # whatever the queue's client raises: the next beat may get through
                    log.exception("heartbeat_failed")
                    continue
                if not held:
                    log.warning("lease_lost")
                    return

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def handle(app: Function[Any], message: Message) -> Any:
    """Call the handler that the message is for, with the event that Lambda would give it."""
    tick = _tick(message.body)
    if tick is not None:
        return app.schedules[tick["detail"]["name"]](scheduled_event(tick, message.id), None)
    if app.objects is None:
        raise GreenroomError(f"{app.app_name} takes no objects", code="no_object_trigger")
    return app.objects(sqs_event(app.app_name, message), None)


def sqs_event(queue: str, message: Message) -> dict[str, Any]:
    """One message as an SQS event source mapping delivers it."""
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(round(message.first_sent.timestamp() * 1000)),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:local::{queue}",
        "awsRegion": "local",
    }
    return {"Records": [record]}


def _tick(body: str) -> dict[str, Any] | None:
    if TICK_SOURCE not in body:
        return None
    document: dict[str, Any] = json.loads(body)
    return document if document.get("source") == TICK_SOURCE else None


def run_until_signal(worker: Worker) -> None:
    """Run until SIGTERM or SIGINT; the message in hand is finished."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    worker.run()
