"""A queue worker: takes one message at a time, hands it to its function as Lambda would, settles it.

A message is deleted only after its handler returned. While the handler runs, a heartbeat keeps the lease; when the
worker is killed, the lease runs out (or its supervisor ends it) and the message is delivered again. SIGTERM lets the
message in hand finish.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from greenroom.domain.errors import GreenroomError
from greenroom.runtime.logs import bound

if TYPE_CHECKING:
    from greenroom.runtime.function import Function

LEASE_S = 30.0
"""Seconds that a message stays hidden without a heartbeat."""
WAIT_S = 1.0
"""Longest wait for a message, in seconds: how long SIGTERM may go unnoticed."""
TICK_SOURCE = "greenroom.schedule"


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
    """Works off one function's queue until `stop` is called."""

    def __init__(
        self, app: Function[Any], queue: Queue, *, owner: str, lease_s: float = LEASE_S
    ) -> None:
        self._app = app
        self._queue = queue
        self._owner = owner
        self._lease_s = lease_s
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
            with bound(message_id=message.id), self._heartbeat(message):
                self._settle(message)
        return bool(messages)

    def _settle(self, message: Message) -> None:
        error = self._failure(message)
        if error is None:
            self._queue.delete(message.receipt)
        else:
            self._queue.release(message.receipt, error=error)
            self._app.logger.warning(
                "message_released", receive_count=message.receive_count, error=error
            )

    def _failure(self, message: Message) -> str | None:
        """Run the handler; why it failed, None when it did not."""
        try:
            outcome = handle(self._app, message)
        except GreenroomError as error:
            return f"{error.code}: {error.detail}"
        except (
            Exception
        ) as error:  # a fault of ours must not end the worker: the queue keeps the message
            self._app.logger.exception("handler_failed")
            return f"{type(error).__name__}: {error}"
        failed = {item["itemIdentifier"] for item in (outcome or {}).get("batchItemFailures", [])}
        return "the handler asked for another try" if message.id in failed else None

    @contextmanager
    def _heartbeat(self, message: Message) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._lease_s / 3):
                if not self._queue.extend(message.receipt, self._lease_s):
                    self._app.logger.warning("lease_lost", message_id=message.id)
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


def scheduled_event(tick: dict[str, Any], message_id: str) -> dict[str, Any]:
    """A tick as EventBridge delivers it."""
    return {
        "version": "0",
        "id": message_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": tick.get("time", ""),
        "region": "local",
        "resources": [],
        "detail": tick["detail"],
    }


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
