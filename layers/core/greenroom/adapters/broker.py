"""RabbitMQ: connecting to it, declaring what it must hold, its dead letters; every error mapped to ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from greenroom.domain.errors import Conflict, Forbidden, NotFound, Unavailable

CONNECT_S = 10.0
HEARTBEAT_S = 30
"""A broker that is silent for twice this, in seconds, is gone."""
ERROR_HEADER = "greenroom-error"
TRIES_HEADER = "greenroom-tries"
_REPLIES = {403: Forbidden, 404: NotFound, 406: Conflict}
_CODES = {403: "broker_denied", 404: "no_such_queue", 406: "declared_otherwise"}


@dataclass(frozen=True)
class Exchange:
    name: str
    kind: str


@dataclass(frozen=True)
class Queue:
    """A durable queue with its `x-…` arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Binding:
    """Messages of `exchange` with routing key `key` (or, for a headers exchange, `arguments`) go to `queue`."""

    queue: str
    exchange: str
    key: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """All that a broker must hold; declaring it again changes nothing."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class DeadLetter:
    """A message that nobody could finish. `reason` is the last error, or why the broker gave it up."""

    queue: str
    id: str
    body: str
    tries: int
    reason: str


@contextmanager
def connected(url: str, name: str) -> Iterator[BlockingConnection]:
    """A connection that RabbitMQ lists as `name`. Raises `Unavailable` (`broker_unavailable`), and for what the broker
    refuses `Forbidden` (`broker_denied`), `NotFound` (`no_such_queue`), `Conflict` (`declared_otherwise`)."""
    with mapped():
        connection = BlockingConnection(parameters(url, name))
        try:
            yield connection
        finally:
            if connection.is_open:
                connection.close()


def parameters(url: str, name: str) -> pika.URLParameters:
    """Of ``amqp(s)://user:password@host:port/vhost``; `ssl_options` may follow after ``?``, as pika reads them."""
    found = pika.URLParameters(url)
    found.socket_timeout = found.stack_timeout = CONNECT_S
    found.heartbeat = HEARTBEAT_S
    found.client_properties = {"connection_name": name}
    return found


@contextmanager
def mapped() -> Iterator[None]:
    """pika's exceptions become ours."""
    try:
        yield
    except ChannelClosedByBroker as error:
        kind = _REPLIES.get(error.reply_code, Unavailable)
        code = _CODES.get(error.reply_code, "broker_unavailable")
        raise kind(f"broker: {error.reply_text}", code=code) from error
    except (AMQPError, OSError) as error:
        # pika's own words may be empty, and never hold the password.
        words = str(error) or type(error).__name__
        raise Unavailable(f"broker: {words}", code="broker_unavailable") from error


def declare(url: str, topology: Topology) -> None:
    """Make what is missing. Raises as `connected` does: `declared_otherwise` where a name stands for something else."""
    with connected(url, "greenroom wire") as connection:
        channel = connection.channel()
        for exchange in topology.exchanges:
            channel.exchange_declare(exchange.name, exchange.kind, durable=True)
        for queue in topology.queues:
            channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
        for binding in topology.bindings:
            channel.queue_bind(
                binding.queue, binding.exchange, binding.key, arguments=dict(binding.arguments)
            )


@dataclass(frozen=True)
class Standing:
    """A queue as it stands: messages that wait, and who takes them. Both None where there is no such queue."""

    messages: int | None
    consumers: int | None


def standing(url: str, queues: Iterable[str]) -> dict[str, Standing]:
    """Of each queue by name, without touching it. Raises as `connected` does."""
    found = {}
    with connected(url, "greenroom doctor") as connection:
        for name in queues:
            try:
                with mapped(), connection.channel() as channel:
                    told = channel.queue_declare(name, passive=True).method
            except NotFound:
                found[name] = Standing(None, None)  # the broker has closed this channel alone
            else:
                found[name] = Standing(told.message_count, told.consumer_count)
    return found


def dead_letters(url: str, queue: str) -> list[DeadLetter]:
    """All that `queue` (a queue of dead letters) holds; they stay there."""
    with connected(url, "greenroom dead-letters") as connection:
        # Nothing is acknowledged: with the connection's end all are back.
        return [_dead(queue, *found) for found in _taken(connection.channel(), queue)]


def redrive(url: str, queue: str, exchange: str, key: str) -> int:
    """Publish each message of `queue` to `exchange` as a new one; how many. Killed meanwhile, one may be sent twice."""
    with connected(url, "greenroom dead-letters") as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        count = 0
        for method, properties, body in _taken(channel, queue):
            again = pika.BasicProperties(
                message_id=properties.message_id, timestamp=properties.timestamp, delivery_mode=2
            )
            channel.basic_publish(exchange, key, body, again, mandatory=True)
            channel.basic_ack(method.delivery_tag)
            count += 1
        return count


def _taken(channel: BlockingChannel, queue: str) -> Iterator[tuple[Any, Any, bytes]]:
    """As many as there were at the start: a redriven one that dies at once is not met again."""
    count = channel.queue_declare(queue, passive=True).method.message_count
    for _ in range(count):
        method, properties, body = channel.basic_get(queue)
        if method is None:
            return
        yield method, properties, body


def _dead(queue: str, _method: Any, properties: Any, body: bytes) -> DeadLetter:
    headers = properties.headers or {}
    deaths = headers.get("x-death") or [{}]
    reason = str(headers.get(ERROR_HEADER) or deaths[0].get("reason", ""))
    tries = int(headers.get(TRIES_HEADER) or headers.get("x-delivery-count") or 0)
    text = body.decode("utf-8", "replace")
    return DeadLetter(queue, properties.message_id or "", text, tries, reason)
