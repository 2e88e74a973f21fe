"""A durable queue for one machine, in the pocket platform's SQLite file.

A received message stays, invisible, until its receiver deletes it: work that dies with its worker
comes back. Delivery is at least once and unordered; a message that fails `max_receives` times moves
to the dead letters, with its last error.

    visible --receive--> leased --delete--> gone
       ^                   |
       +---release, or-----+--the last try--> dead letters --redrive--> visible
           the lease ran out
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from greenroom.clock import Clock, now_utc
from greenroom_local.database import connect, transaction

MAX_RECEIVES = 8
BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 300.0
"""Delays 1, 2, 4, ... 64 s over the eight tries: a restarting neighbour is outlived, a poison message
is out of the way after about two minutes."""

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.1
_ERROR_CHARACTERS = 4000
_LEASE_RAN_OUT = "the receiver neither finished nor gave the message back in time"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  first_sent_ms INTEGER NOT NULL,
  visible_ms INTEGER NOT NULL,
  receive_count INTEGER NOT NULL DEFAULT 0,
  receipt TEXT,
  owner TEXT,
  last_error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (queue, visible_ms, id);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_receipt ON messages (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_by_owner ON messages (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  first_sent_ms INTEGER NOT NULL,
  died_ms INTEGER NOT NULL,
  receive_count INTEGER NOT NULL,
  last_error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dead_letters_by_queue ON dead_letters (queue, id);
"""


@dataclass(frozen=True)
class Message:
    """A leased message. `receipt` names this lease; `receive_count` is 1 on the first delivery."""

    id: str
    queue: str
    body: str
    receive_count: int
    receipt: str
    first_sent: datetime


@dataclass(frozen=True)
class DeadLetter:
    """A message that nobody could finish."""

    id: str
    queue: str
    body: str
    receive_count: int
    last_error: str
    first_sent: datetime
    died: datetime


@dataclass(frozen=True)
class Depth:
    """What a queue holds: messages due now, delayed ones, leased ones, dead letters.

    `oldest_age_s` is the age of the oldest message that is not dead, in seconds since it was first
    sent; 0 for an empty queue.
    """

    visible: int
    delayed: int
    leased: int
    dead: int
    oldest_age_s: float


def create_tables(connection: sqlite3.Connection) -> None:
    """Create what the queue needs, where it is missing."""
    connection.executescript(_SCHEMA)


def enqueue(
    connection: sqlite3.Connection, queue: str, body: str, now: datetime, delay_s: float = 0.0
) -> str:
    """Add a message within the caller's transaction; returns its id."""
    sent = _ms(now)
    cursor = connection.execute(
        "INSERT INTO messages (queue, body, first_sent_ms, visible_ms) VALUES (?, ?, ?, ?)",
        (queue, body, sent, sent + round(delay_s * 1000)),
    )
    return str(cursor.lastrowid)


class Queue:
    """All queues of one data folder. Safe from several threads and processes at the same time."""

    def __init__(
        self,
        folder: Path,
        *,
        max_receives: int = MAX_RECEIVES,
        backoff_base_s: float = BACKOFF_BASE_S,
        backoff_cap_s: float = BACKOFF_CAP_S,
        clock: Clock = now_utc,
    ) -> None:
        self._clock = clock
        self._max_receives = max_receives
        self._backoff_base_s = backoff_base_s
        self._backoff_cap_s = backoff_cap_s
        self._lock = threading.Lock()
        # What a power cut undoes here is a lease or a deletion: the message is delivered again, as
        # any may be. Only `send` must wait for the disk.
        self._connection = connect(folder, "NORMAL")
        with self._lock:
            create_tables(self._connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def send(self, queue: str, body: str, delay_s: float = 0.0) -> str:
        """Store a message, visible after `delay_s`; returns its id once it is on disk."""
        with self._lock:
            self._connection.execute("PRAGMA synchronous=FULL")
            try:
                with transaction(self._connection):
                    return enqueue(self._connection, queue, body, self._clock(), delay_s)
            finally:
                self._connection.execute("PRAGMA synchronous=NORMAL")

    def receive(
        self,
        queue: str,
        owner: str,
        visibility_s: float,
        max_messages: int = 1,
        wait_s: float = 0.0,
    ) -> list[Message]:
        """Lease up to `max_messages` for `visibility_s`; wait up to `wait_s` for the first to come.

        `owner` names the worker, for `release_owner`. A message whose last permitted lease ran out
        is moved to the dead letters instead of being delivered.
        """
        deadline = time.monotonic() + wait_s
        while True:
            version = self._version()
            messages = self._take(queue, owner, visibility_s, max_messages)
            if messages or time.monotonic() >= deadline:
                return messages
            self._await_change(queue, version, deadline)

    def extend(self, receipt: str, visibility_s: float) -> bool:
        """Keep the lease for `visibility_s` from now; False when it is no longer held."""
        visible = _ms(self._clock()) + round(visibility_s * 1000)
        return self._write("UPDATE messages SET visible_ms = ? WHERE receipt = ?", visible, receipt)

    def delete(self, receipt: str) -> bool:
        """The work is done; False when the lease is no longer held (the work may be done twice)."""
        return self._write("DELETE FROM messages WHERE receipt = ?", receipt)

    def release(self, receipt: str, delay_s: float | None = None, error: str = "") -> bool:
        """Give a message back after a failure; False when the lease is no longer held.

        Without `delay_s` the pause doubles with each try, up to the cap. After the last permitted
        try the message becomes a dead letter that keeps `error`.
        """
        now = _ms(self._clock())
        with self._lock, transaction(self._connection) as connection:
            row = connection.execute(
                "SELECT id, receive_count FROM messages WHERE receipt = ?", (receipt,)
            ).fetchone()
            if row is None:
                return False
            message_id, receive_count = row
            connection.execute(
                "UPDATE messages SET visible_ms = ?, receipt = NULL, owner = NULL, last_error = ?"
                " WHERE id = ?",
                (
                    now + round(1000 * self._pause_s(receive_count, delay_s)),
                    error[:_ERROR_CHARACTERS],
                    message_id,
                ),
            )
            if receive_count >= self._max_receives:
                _bury(connection, [message_id], now)
            return True

    def release_owner(self, owner: str) -> int:
        """A worker is dead: its leases end at once. Returns how many messages it held."""
        with self._lock, transaction(self._connection) as connection:
            return connection.execute(
                "UPDATE messages SET visible_ms = ?, receipt = NULL, owner = NULL, last_error = ?"
                " WHERE owner = ?",
                (_ms(self._clock()), f"worker {owner} ended", owner),
            ).rowcount

    def dead_letters(self, queue: str) -> list[DeadLetter]:
        """The queue's dead letters, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, queue, body, receive_count, last_error, first_sent_ms, died_ms"
                " FROM dead_letters WHERE queue = ? ORDER BY id",
                (queue,),
            ).fetchall()
        return [
            DeadLetter(str(letter), name, body, received, error, _moment(sent), _moment(died))
            for letter, name, body, received, error, sent, died in rows
        ]

    def redrive(self, queue: str, message_id: str | None = None) -> int:
        """Put one dead letter, or all of the queue's, back as new; returns how many."""
        now = _ms(self._clock())
        chosen = (queue, message_id, message_id)
        with self._lock, transaction(self._connection) as connection:
            connection.execute(
                "INSERT INTO messages (id, queue, body, first_sent_ms, visible_ms, last_error)"
                " SELECT id, queue, body, first_sent_ms, ?, last_error FROM dead_letters"
                " WHERE queue = ? AND (? IS NULL OR id = ?)",
                (now, *chosen),
            )
            return connection.execute(
                "DELETE FROM dead_letters WHERE queue = ? AND (? IS NULL OR id = ?)", chosen
            ).rowcount

    def depth(self, queue: str) -> Depth:
        now = _ms(self._clock())
        with self._lock:
            leased, due, total, oldest = self._connection.execute(
                "SELECT coalesce(sum(receipt IS NOT NULL AND visible_ms > ?1), 0),"
                " coalesce(sum(visible_ms <= ?1), 0), count(*), min(first_sent_ms)"
                " FROM messages WHERE queue = ?2",
                (now, queue),
            ).fetchone()
            (dead,) = self._connection.execute(
                "SELECT count(*) FROM dead_letters WHERE queue = ?", (queue,)
            ).fetchone()
        age = 0.0 if oldest is None else max(0.0, (now - oldest) / 1000)
        return Depth(due, total - due - leased, leased, dead, age)

    def contains(self, queue: str, text: str) -> bool:
        """Whether a message with `text` in its body waits in the queue or is leased."""
        with self._lock:
            found = self._connection.execute(
                "SELECT 1 FROM messages WHERE queue = ? AND instr(body, ?) LIMIT 1", (queue, text)
            ).fetchone()
        return found is not None

    def queues(self) -> list[str]:
        """The names of all queues that hold a message or a dead letter."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT queue FROM messages UNION SELECT queue FROM dead_letters ORDER BY 1"
            ).fetchall()
        return [name for (name,) in rows]

    def _take(
        self, queue: str, owner: str, visibility_s: float, max_messages: int
    ) -> list[Message]:
        now = _ms(self._clock())
        with self._lock:
            # Looking needs no write lock: an idle worker disturbs nobody.
            if not self._connection.execute(
                "SELECT 1 FROM messages WHERE queue = ? AND visible_ms <= ? LIMIT 1", (queue, now)
            ).fetchone():
                return []
            with transaction(self._connection) as connection:
                spent = connection.execute(
                    "SELECT id FROM messages"
                    " WHERE queue = ? AND visible_ms <= ? AND receive_count >= ?",
                    (queue, now, self._max_receives),
                ).fetchall()
                _bury(connection, [message_id for (message_id,) in spent], now)
                rows = connection.execute(
                    "SELECT id, body, receive_count, first_sent_ms FROM messages"
                    " WHERE queue = ? AND visible_ms <= ? ORDER BY visible_ms, id LIMIT ?",
                    (queue, now, max_messages),
                ).fetchall()
                until = now + round(visibility_s * 1000)
                return [self._lease(row, queue, owner, until) for row in rows]

    def _lease(
        self, row: tuple[int, str, int, int], queue: str, owner: str, until_ms: int
    ) -> Message:
        message_id, body, received, sent = row
        receipt = secrets.token_urlsafe(12)
        self._connection.execute(
            "UPDATE messages SET receive_count = receive_count + 1, visible_ms = ?, receipt = ?,"
            " owner = ? WHERE id = ?",
            (until_ms, receipt, owner, message_id),
        )
        return Message(str(message_id), queue, body, received + 1, receipt, _moment(sent))

    def _await_change(self, queue: str, version: tuple[int, int], deadline: float) -> None:
        """Sleep until somebody wrote to the file, a message of the queue falls due, or `deadline`.

        `data_version` costs microseconds and no lock: an idle worker takes no measurable CPU.
        """
        with self._lock:
            (due_ms,) = self._connection.execute(
                "SELECT min(visible_ms) FROM messages WHERE queue = ?", (queue,)
            ).fetchone()
        pause = _FIRST_PAUSE_S
        while (left := deadline - time.monotonic()) > 0:
            if due_ms is not None:
                due_in = (due_ms - _ms(self._clock())) / 1000
                if due_in <= 0:
                    return
                left = min(left, due_in)
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            if self._version() != version:
                return

    def _version(self) -> tuple[int, int]:
        """Changes with every commit: other connections' by data_version, this one's by its count."""
        with self._lock:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            return version, self._connection.total_changes

    def _write(self, statement: str, *values: object) -> bool:
        with self._lock, transaction(self._connection) as connection:
            return connection.execute(statement, values).rowcount > 0

    def _pause_s(self, receive_count: int, delay_s: float | None) -> float:
        if delay_s is not None:
            return delay_s
        doublings = min(receive_count - 1, 30)
        return min(self._backoff_cap_s, self._backoff_base_s * 2.0**doublings)


def _bury(connection: sqlite3.Connection, message_ids: Sequence[int], now_ms: int) -> None:
    for message_id in message_ids:
        connection.execute(
            "INSERT INTO dead_letters (id, queue, body, first_sent_ms, died_ms, receive_count, last_error)"
            " SELECT id, queue, body, first_sent_ms, ?,"
            " receive_count, CASE receipt IS NULL WHEN 1 THEN last_error ELSE ? END"
            " FROM messages WHERE id = ?",
            (now_ms, _LEASE_RAN_OUT, message_id),
        )
        connection.execute("DELETE FROM messages WHERE id = ?", (message_id,))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
