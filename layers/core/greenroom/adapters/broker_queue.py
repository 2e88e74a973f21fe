"""A worker's view of RabbitMQ: take a message, settle it; the connection is kept and renewed behind it.

pika's connection belongs to one thread, and must be served while a handler runs or the broker takes it for dead. So a
thread of its own owns it; whoever settles a message asks that thread and waits for its answer. What was taken over a
connection that broke cannot be settled any more: the broker has given it to somebody else.
"""

from __future__ import annotations

import queue as local
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pika
import structlog
import tenacity
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection

from greenroom.adapters.broker import ERROR_HEADER, TRIES_HEADER, connected
from greenroom.domain.errors import GreenroomError, Unavailable

SERVE_S = 1.0
"""How long `close` may go unnoticed, in seconds."""
LONGEST_PAUSE_S = 15.0
"""Between two tries to connect, in seconds."""
WAIT_HEADER = "wait_s"
_ERROR_CHARACTERS = 4000

Act = Callable[[BlockingChannel], None]


@dataclass(frozen=True)
class Retries:
    """What becomes of a message whose handler failed.

    After its n-th try it waits `waits_s[n - 1]` seconds (the last of them from then on) by way of the headers exchange
    `wait`; after `most` tries it goes to the exchange `dead`. Both keep `key`, its queue's routing key.
    """

    key: str
    wait: str
    dead: str
    waits_s: tuple[int, ...]
    most: int


@dataclass(frozen=True)
class Delivery:
    """A message in hand. `receive_count` is 1 on the first delivery; `receipt` names connection and delivery."""

    id: str
    body: str
    receive_count: int
    receipt: str
    first_sent: datetime


@dataclass(frozen=True)
class _Session:
    number: int
    connection: BlockingConnection
    channel: BlockingChannel
    over: Future[None]


class BrokerQueue:
    """One message at a time from some queues of a broker. With `retries` None a failed message is dropped."""

    def __init__(self, url: str, queues: Sequence[str], *, retries: Retries | None) -> None:
        self._url = url
        self._queues = tuple(queues)
        self._retries = retries
        self._arrived: local.SimpleQueue[Delivery] = local.SimpleQueue()
        self._closing = threading.Event()
        self._session: _Session | None = None
        self._sessions = 0
        self._in_hand: dict[str, tuple[Delivery, bytes]] = {}
        self._log = structlog.get_logger("broker").bind(queues=self._queues)
        self._thread = threading.Thread(target=self._live, name="broker", daemon=True)
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        return self._session is not None

    def close(self) -> None:
        """Let go of the connection; what is in hand goes back to the broker."""
        self._closing.set()
        self._thread.join()

    # --- what a worker asks ------------------------------------------------------------------

    def receive(
        self,
        queue: str,
        owner: str,
        visibility_s: float,
        max_messages: int = 1,
        wait_s: float = 0.0,
    ) -> Sequence[Delivery]:
        """The next message, awaited for `wait_s` seconds. The broker keeps it for as long as the connection stands, and
        sends those of the queues that this was made for: the other parameters are for queues with leases."""
        try:
            found = self._arrived.get(timeout=wait_s)
        except local.Empty:
            if not self._thread.is_alive():
                raise Unavailable("the broker's thread has ended") from None
            return []
        return [found] if self._held_by(found.receipt) else []

    def extend(self, receipt: str, visibility_s: float) -> bool:
        """Whether the message is still ours."""
        return self._held_by(receipt) is not None

    def delete(self, receipt: str) -> bool:
        """Done with it; False when it was no longer ours."""
        return self._settle(receipt, lambda channel: None)

    def release(self, receipt: str, delay_s: float | None = None, error: str = "") -> bool:
        """Not done: to be tried again later, or dead after the last try. `delay_s` is the topology's business."""
        return self._settle(receipt, partial(self._send_on, receipt, error))

    # --- in the caller's thread --------------------------------------------------------------

    def _held_by(self, receipt: str) -> _Session | None:
        session = self._session
        number = int(receipt.partition(":")[0])
        return session if session is not None and session.number == number else None

    def _settle(self, receipt: str, act: Act) -> bool:
        """Act, then acknowledge: killed in between, the message is there twice, never not at all."""
        session = self._held_by(receipt)
        if session is None:
            return False
        done: Future[None] = Future()

        def run() -> None:
            act(session.channel)
            session.channel.basic_ack(int(receipt.partition(":")[2]))
            self._in_hand.pop(receipt, None)
            done.set_result(None)

        try:
            session.connection.add_callback_threadsafe(run)
        except pika.exceptions.AMQPError:  # it has just broken
            return False
        wait((done, session.over), return_when=FIRST_COMPLETED)
        return done.done()

    def _send_on(self, receipt: str, error: str, channel: BlockingChannel) -> None:
        delivery, raw = self._in_hand[receipt]
        if self._retries is None:
            return
        headers: dict[str, Any] = {
            TRIES_HEADER: delivery.receive_count,
            ERROR_HEADER: error[:_ERROR_CHARACTERS],
        }
        exchange = self._retries.dead
        if delivery.receive_count < self._retries.most:
            exchange = self._retries.wait
            waits = self._retries.waits_s
            headers[WAIT_HEADER] = waits[min(delivery.receive_count, len(waits)) - 1]
        properties = pika.BasicProperties(
            message_id=delivery.id,
            timestamp=int(delivery.first_sent.timestamp()),
            delivery_mode=2,
            headers=headers,
        )
        channel.basic_publish(exchange, self._retries.key, raw, properties, mandatory=True)

    # --- in the connection's thread ----------------------------------------------------------

    def _live(self) -> None:
        patience = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((GreenroomError, OSError)),
            wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=LONGEST_PAUSE_S),
            stop=tenacity.stop_when_event_set(self._closing),
            sleep=tenacity.sleep_using_event(self._closing),
            before_sleep=lambda state: self._log.warning(
                "broker_lost", error=str(state.outcome and state.outcome.exception())
            ),
            retry_error_callback=lambda _state: None,
        )
        while not self._closing.is_set():
            patience(self._one_connection)

    def _one_connection(self) -> None:
        """Serve one connection until it breaks or `close`. Raises `GreenroomError` when none can be had."""
        begun = False
        try:
            with connected(self._url, f"greenroom worker {self._queues[0]}") as connection:
                for _ in self._serving(connection):
                    begun = True
        except GreenroomError as error:
            if not begun:
                raise
            self._log.warning("broker_lost", error=error.detail)

    def _serving(self, connection: BlockingConnection) -> Iterator[None]:
        """Yields once what comes is consumed, and each time that the connection was served."""
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_qos(prefetch_count=1)
        channel.add_on_cancel_callback(_cancelled)
        self._in_hand = {}
        self._sessions += 1
        session = _Session(self._sessions, connection, channel, Future())
        self._session = session
        try:
            for queue in self._queues:
                channel.basic_consume(queue, partial(self._take, session))
            self._log.info("broker_connected")
            yield
            while connection.is_open and not self._closing.is_set():
                connection.process_data_events(time_limit=SERVE_S)
                yield
        finally:
            self._session = None
            session.over.set_result(None)

    def _take(
        self,
        session: _Session,
        _channel: BlockingChannel,
        method: pika.spec.Basic.Deliver,
        properties: pika.BasicProperties,
        body: bytes,
    ) -> None:
        headers = properties.headers or {}
        sent = properties.timestamp
        receipt = f"{session.number}:{method.delivery_tag}"
        delivery = Delivery(
            id=properties.message_id or f"{method.routing_key}-{receipt}",
            body=body.decode("utf-8", "replace"),
            # Tries that its handler gave back, and those that ended with their worker.
            receive_count=1 + _count(headers, TRIES_HEADER) + _count(headers, "x-delivery-count"),
            receipt=receipt,
            first_sent=datetime.now(UTC) if sent is None else datetime.fromtimestamp(sent, UTC),
        )
        self._in_hand[receipt] = (delivery, body)
        self._arrived.put(delivery)


def _cancelled(_frame: Any) -> None:
    """The queue was deleted or has lost its leader: begin again, rather than listen to nothing."""
    raise Unavailable("the broker has ended the delivery", code="broker_unavailable")


def _count(headers: dict[str, Any], name: str) -> int:
    found = headers.get(name, 0)
    return found if isinstance(found, int) else 0
