"""The pocket platform as a whole: one data folder, one set of secrets, all processes.

DATA/secrets.json     keys, made once, readable by the owner only
DATA/store/           the object store's bytes, its catalogue and the queue
DATA/greenroom.sqlite the database
DATA/mails/           what the SMTP server received
DATA/logs/            one file per process
DATA/platform.json    while it runs: where everything is reached, for tools (it holds the API key: owner only)
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import NotificationRule, ObjectStore
from greenroom.domain.access import Role
from greenroom.domain.api_key import SCOPES
from greenroom.domain.audit import Actor
from greenroom.host.wiring import Wired, read_wiring
from greenroom.runtime.local_accounts import new_account
from greenroom.runtime.settings import DatabaseSettings
from greenroom_local.folder import FolderInUse, FolderLock
from greenroom_local.ports import HOST, PortInUse, Ports
from greenroom_local.queue import Queue
from greenroom_local.secrets_file import Secrets, write_private
from greenroom_local.supervisor import Child, DidNotStart, Supervisor
from greenroom_local.worker import owner_of

__all__ = ["DidNotStart", "FolderInUse", "PocketPlatform", "PortInUse", "Ports"]

BUCKET = "greenroom"
ADMIN = "admin"
"""The user name of the account that every pocket platform begins with."""


class PocketPlatform:
    """Everything on one machine; a context manager. `ports` is `fixed`, `free`, or `Ports`.

    `database` is the URL of another database than the SQLite file, `instances` how many workers each function has.
    Without `workers` the queues fill and nobody works them off: for those who bring workers of their own.

    `told` hears in words of every process that died and starts again.

    Raises `FolderInUse`, `PortInUse`, and `DidNotStart` with the end of its log when a process does not start.
    """

    def __init__(
        self,
        data: Path,
        *,
        ports: Literal["fixed", "free"] | Ports = "fixed",
        extra: Mapping[str, str] | None = None,
        database: str | None = None,
        instances: int = 1,
        workers: bool = True,
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.data = data.resolve()
        if isinstance(ports, str):
            ports = Ports() if ports == "fixed" else Ports.free()
        self.ports = ports
        self.wiring = read_wiring()
        self._extra = dict(extra or {})
        self._database = database
        self._instances = instances
        self._workers = workers
        self._told = told
        self._lock: FolderLock | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.http}"

    @property
    def store_url(self) -> str:
        return f"http://{HOST}:{self.ports.store}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{HOST}:{self.ports.mailbox}"

    @cached_property
    def secrets(self) -> Secrets:
        """The folder's own, made by whoever asks first: commands open a database whose platform does not run."""
        return Secrets.keep(self.data / "secrets.json")

    @property
    def api_key(self) -> str:
        return self.secrets.api_key

    @property
    def admin_password(self) -> str:
        """The first password of `ADMIN`; good for as long as nobody has changed it."""
        return self.secrets.admin_password

    def start(self) -> Self:
        self._lock = FolderLock(self.data)
        held = [self._lock.descriptor]
        self.supervisor = Supervisor(self.data / "logs", held=held, told=self._told)
        try:
            self.ports.check()
            self._prepare_database()
            self.supervisor.start(self._store())
            self._prepare_store()
            self.supervisor.start(self._mailbox(), self._http())
            if self._workers:
                self._start_workers()
            self._describe()
        except BaseException:  # raised again: Ctrl-C during a start must leave no process
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all processes: workers, then pages and mailbox, then the store. Twice does no harm."""
        if self._lock is None:
            return
        (self.data / "platform.json").unlink(missing_ok=True)
        self.supervisor.stop()
        self._lock.release()
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
        url, key = SecretStr(self._database_url), SecretStr(self.secrets.database_key)
        return DatabaseSettings(url=url, keys=[key]).opened()

    def environment(self) -> dict[str, str]:
        """The settings of all functions, as `greenroom.runtime.settings` reads them.

        Of those that are set outside only the speech-to-text model is taken over: nothing here could know it.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if "GREENROOM_" not in name or name.startswith("GREENROOM_TRANSCRIPT__")
        }
        return {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "GREENROOM_STORE__ENDPOINT": self.store_url,
            "GREENROOM_STORE__BUCKET": BUCKET,
            "GREENROOM_STORE__ACCESS_KEY": self.secrets.store_access_key,
            "GREENROOM_STORE__SECRET_KEY": self.secrets.store_secret_key,
            "GREENROOM_DATABASE__URL": self._database_url,
            "GREENROOM_DATABASE__KEYS": json.dumps([self.secrets.database_key]),
            "GREENROOM_TOKENS__KEY": self.secrets.token_key,
            "GREENROOM_IDENTITY__KEY": self.secrets.identity_key,
            "GREENROOM_ERASURE__KEY": self.secrets.erasure_key,
            "GREENROOM_LINKS__PUBLIC_URL": self.url,
            "GREENROOM_MAIL__HOST": HOST,
            "GREENROOM_MAIL__PORT": str(self.ports.smtp),
            "GREENROOM_WEBHOOKS__ALLOW": json.dumps([HOST]),
            "GREENROOM_ASSEMBLY__FOLDER": str(self.data / "assembly"),
            **self._extra,
        }

    @property
    def _database_url(self) -> str:
        return self._database or f"sqlite:///{self.data / 'greenroom.sqlite'}"

    def _prepare_database(self) -> None:
        database = self.database()
        database.migrate()
        with database.begin() as tx:
            kept = self.secrets
            tx.api_keys.add(kept.api_key_id, kept.api_key_sha256, SCOPES, "this machine")
        self._add_admin(database)
        database.close()

    def _add_admin(self, database: Database) -> None:
        """At the first start; what people have made of the account since stays."""
        with database.begin() as tx:
            if any(user.login == ADMIN for user in tx.users.all()):
                return
        password = self.secrets.admin_password
        wanted, _ = new_account(ADMIN, "Admin 管理员", "admin@example.com", Role.ADMIN, password)
        with database.begin() as tx:
            tx.users.add(wanted)
            tx.audit.append(
                Actor("command", "greenroom run"), "user.added", "user", wanted.id, role=Role.ADMIN
            )

    def _prepare_store(self) -> None:
        rules = [
            NotificationRule(f"arn:aws:sqs:local::{wired.name}", trigger.prefix, trigger.suffix)
            for wired in self.wiring.values()
            for trigger in wired.triggers
        ]
        by_name = f"http://localhost:{self.ports.http}"
        self.object_store().ensure_bucket(cors_origins=[self.url, by_name], rules=rules)

    def _start_workers(self) -> None:
        workers = [
            self._worker(wired, instance)
            for wired in self.wiring.values()
            if wired.has_queue
            for instance in range(1, self._instances + 1)
        ]
        for worker in workers:
            worker.died()  # what the last run of the platform held when it was killed
        self.supervisor.start(*workers, self._schedule())

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

    def _worker(self, wired: Wired, instance: int) -> Child:
        folder = self.data / "store"
        arguments = ["--function", wired.name, "--instance", str(instance), "--data", str(folder)]

        def let_go() -> None:
            queue = Queue(folder)
            queue.release_owner(owner_of(wired.name, instance))
            queue.close()

        name = wired.name if instance == 1 else f"{wired.name}-{instance}"
        module = "greenroom_local.worker"
        return Child(name, module, arguments, self.environment(), died=let_go)

    def _schedule(self) -> Child:
        arguments = ["--data", str(self.data / "store")]
        return Child("schedule", "greenroom_local.schedule", arguments, self.environment())

    def _describe(self) -> None:
        write_private(
            self.data / "platform.json",
            {
                "url": self.url,
                "api_key": self.api_key,
                "admin": {"login": ADMIN, "password": self.admin_password},
                "mailbox": self.mailbox_url,
                "store": self.store_url,
                "smtp": f"{HOST}:{self.ports.smtp}",
            },
        )


def running_settings(data: Path) -> dict[str, str]:
    """The environment of the functions of the platform that runs in `data`. Raises FileNotFoundError when none does."""
    running = json.loads((data / "platform.json").read_text())
    ports = Ports(*(urlsplit(running[name]).port or 0 for name in ("url", "store", "mailbox")))
    smtp = int(running["smtp"].rpartition(":")[2])
    platform = PocketPlatform(data, ports=replace(ports, smtp=smtp))
    platform.secrets = Secrets.keep(data / "secrets.json")
    return platform.environment()


def running_store(data: Path) -> ObjectStore:
    """The object store of the platform that runs in `data`. Raises FileNotFoundError when none does."""
    running = json.loads((data / "platform.json").read_text())
    secrets = Secrets.keep(data / "secrets.json")
    return ObjectStore(
        bucket=BUCKET,
        endpoint=running["store"],
        access_key=secrets.store_access_key,
        secret_key=secrets.store_secret_key,
    )
