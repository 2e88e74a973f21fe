"""The pocket platform as a whole: one data folder, one set of secrets, all processes.

DATA/secrets.json     keys, made once, readable by the owner only
DATA/store/           the object store's bytes, its catalogue and the queue
DATA/greenroom.sqlite the database
DATA/mails/           what the SMTP server received
DATA/logs/            one file per process
DATA/platform.json    where everything is reached, for tools (it holds the API key: owner only)
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import NotificationRule, ObjectStore
from greenroom.host.wiring import Wired, read_wiring
from greenroom.runtime.tokens import new_api_key
from greenroom_local.queue import Queue
from greenroom_local.supervisor import Child, Supervisor
from greenroom_local.worker import owner_of

HOST = "127.0.0.1"
BUCKET = "greenroom"
SCOPES = ("catalogue:write", "batches:write", "interviews:read", "webhooks:write")


@dataclass(frozen=True)
class Ports:
    """TCP ports on loopback."""

    http: int = 8000
    store: int = 8001
    mailbox: int = 8002
    smtp: int = 8025

    @classmethod
    def free(cls) -> Ports:
        """Four ports that nobody uses now."""
        sockets = [socket.create_server((HOST, 0)) for _ in range(4)]
        try:
            return cls(*(found.getsockname()[1] for found in sockets))
        finally:
            for found in sockets:
                found.close()


@dataclass(frozen=True)
class Secrets:
    """Made at the first start and kept: links and sessions stay good across restarts."""

    store_access_key: str
    store_secret_key: str
    token_key: str
    api_key_id: str
    api_key: str
    api_key_sha256: str

    @classmethod
    def keep(cls, path: Path) -> Secrets:
        """Those in `path`, made now where the file is missing."""
        if not path.exists():
            key_id, plain, digest = new_api_key()
            made = cls(
                store_access_key=secrets.token_hex(10),
                store_secret_key=secrets.token_urlsafe(30),
                token_key=secrets.token_urlsafe(48),
                api_key_id=key_id,
                api_key=plain,
                api_key_sha256=digest,
            )
            _write_private(path, asdict(made))
        return cls(**json.loads(path.read_text("utf-8")))


class FolderInUse(RuntimeError):
    """Another platform runs on this data folder."""


class PocketPlatform:
    """Everything on one machine; a context manager. `ports` is `fixed`, `free`, or `Ports`.

    Without `workers` the queues fill and nobody works them off: for those who bring workers of their own.

    Raises `FolderInUse`, and RuntimeError with the end of its log when a process does not start.
    """

    def __init__(
        self,
        data: Path,
        *,
        ports: Literal["fixed", "free"] | Ports = "fixed",
        extra: Mapping[str, str] | None = None,
        workers: bool = True,
    ) -> None:
        self.data = data.resolve()
        if isinstance(ports, str):
            ports = Ports() if ports == "fixed" else Ports.free()
        self.ports = ports
        self.wiring = read_wiring()
        self._extra = dict(extra or {})
        self._workers = workers
        self._lock: IO[str] | None = None
        self.supervisor = Supervisor(self.data / "logs")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.http}"

    @property
    def store_url(self) -> str:
        return f"http://{HOST}:{self.ports.store}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{HOST}:{self.ports.mailbox}"

    @property
    def api_key(self) -> str:
        return self.secrets.api_key

    def start(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self._take_folder()
        try:
            self.secrets = Secrets.keep(self.data / "secrets.json")
            self._prepare_database()
            self.supervisor.start(self._store())
            self._prepare_store()
            self.supervisor.start(self._mailbox())
            self.supervisor.start(self._http())
            if self._workers:
                self._start_workers()
            self._describe()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self.supervisor.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def queue(self) -> Queue:
        """The queues, e.g. to look at dead letters."""
        return Queue(self.data / "store")

    def object_store(self) -> ObjectStore:
        return ObjectStore(
            bucket=BUCKET,
            endpoint=self.store_url,
            access_key=self.secrets.store_access_key,
            secret_key=self.secrets.store_secret_key,
        )

    def database(self) -> Database:
        return Database(self._database_url)

    def environment(self) -> dict[str, str]:
        """The settings of all functions, as `greenroom.runtime.settings` reads them."""
        kept = {name: value for name, value in os.environ.items() if "GREENROOM_" not in name}
        return {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "GREENROOM_STORE__ENDPOINT": self.store_url,
            "GREENROOM_STORE__BUCKET": BUCKET,
            "GREENROOM_STORE__ACCESS_KEY": self.secrets.store_access_key,
            "GREENROOM_STORE__SECRET_KEY": self.secrets.store_secret_key,
            "GREENROOM_DATABASE__URL": self._database_url,
            "GREENROOM_TOKENS__KEY": self.secrets.token_key,
            "GREENROOM_LINKS__PUBLIC_URL": self.url,
            "GREENROOM_MAIL__HOST": HOST,
            "GREENROOM_MAIL__PORT": str(self.ports.smtp),
            "GREENROOM_WEBHOOKS__ALLOW": json.dumps([HOST]),
            "GREENROOM_ASSEMBLY__FOLDER": str(self.data / "assembly"),
            **self._extra,
        }

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self.data / 'greenroom.sqlite'}"

    def _take_folder(self) -> None:
        lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise FolderInUse(f"another platform runs on {self.data}") from error
        self._lock = lock

    def _prepare_database(self) -> None:
        database = self.database()
        database.migrate()
        with database.begin() as tx:
            kept = self.secrets
            tx.api_keys.add(kept.api_key_id, kept.api_key_sha256, SCOPES, "this machine")
        database.close()

    def _prepare_store(self) -> None:
        rules = [
            NotificationRule(f"arn:aws:sqs:local::{wired.name}", trigger.prefix, trigger.suffix)
            for wired in self.wiring.values()
            for trigger in wired.triggers
        ]
        self.object_store().ensure_bucket(cors_origins=[self.url], rules=rules)

    def _start_workers(self) -> None:
        for wired in self.wiring.values():
            if wired.has_queue:
                self.supervisor.start(self._worker(wired))
        self.supervisor.start(self._schedule())

    def _store(self) -> Child:
        environment = {
            **self.environment(),
            "GREENROOM_STORE_ACCESS_KEY": self.secrets.store_access_key,
            "GREENROOM_STORE_SECRET_KEY": self.secrets.store_secret_key,
        }
        arguments = ["--data", str(self.data / "store"), "--port", str(self.ports.store)]
        module = "greenroom_local.object_store"
        return Child("store", module, arguments, environment, f"{self.store_url}/-/health")

    def _mailbox(self) -> Child:
        ports = ["--smtp-port", str(self.ports.smtp), "--http-port", str(self.ports.mailbox)]
        arguments = ["--data", str(self.data / "mails"), *ports]
        health = f"{self.mailbox_url}/-/health"
        return Child("mailbox", "greenroom_local.mailbox", arguments, self.environment(), health)

    def _http(self) -> Child:
        names = ",".join(wired.name for wired in self.wiring.values() if wired.http)
        arguments = ["--functions", names, "--port", str(self.ports.http)]
        health = f"{self.url}/-/health"
        return Child("http", "greenroom.host.http", arguments, self.environment(), health)

    def _worker(self, wired: Wired) -> Child:
        folder = self.data / "store"
        arguments = ["--function", wired.name, "--data", str(folder)]

        def let_go() -> None:
            queue = Queue(folder)
            queue.release_owner(owner_of(wired.name))
            queue.close()

        let_go()  # what the last run of the platform held when it was killed
        module = "greenroom_local.worker"
        return Child(wired.name, module, arguments, self.environment(), died=let_go)

    def _schedule(self) -> Child:
        arguments = ["--data", str(self.data / "store")]
        return Child("schedule", "greenroom_local.schedule", arguments, self.environment())

    def _describe(self) -> None:
        _write_private(
            self.data / "platform.json",
            {
                "url": self.url,
                "api_key": self.api_key,
                "mailbox": self.mailbox_url,
                "store": self.store_url,
                "smtp": f"{HOST}:{self.ports.smtp}",
            },
        )


def _write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Readable by the owner only, whole or not at all."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
