"""The wiring table (infra/terraform/functions.json), and the functions that it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenroom.runtime.function import Function

TABLE = "infra/terraform/functions.json"
"""Where the table lies, from the folder that holds the package `functions`."""


@dataclass(frozen=True)
class Trigger:
    """Objects written below `prefix` that end with `suffix` go to the function's queue."""

    prefix: str
    suffix: str


@dataclass(frozen=True)
class Schedule:
    """A tick named `name` every `minutes` minutes."""

    name: str
    minutes: int


@dataclass(frozen=True)
class Wired:
    """One function of the table. Its queue bears its name; `http` are the path prefixes it answers.

    `reads`, `writes` and `deletes` are prefixes of keys; `environment` the parts of the settings it is given;
    `concurrency` how many of it may run at once.
    """

    name: str
    triggers: tuple[Trigger, ...]
    schedules: tuple[Schedule, ...]
    http: tuple[str, ...]
    timeout_s: int
    memory_mb: int = 256
    concurrency: int = 2
    layers: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()

    def given(self, variable: str) -> bool:
        """Whether the function is given this variable of the environment."""
        names = (f"GREENROOM_{part.upper()}" for part in self.environment)
        return any(variable == name or variable.startswith(f"{name}__") for name in names)

    @property
    def has_queue(self) -> bool:
        return bool(self.triggers or self.schedules)


def read_wiring(path: Path | None = None) -> dict[str, Wired]:
    """All functions by name, in the table's order; from the project's own table when no `path` is given."""
    path = path or _project() / TABLE
    table = json.loads(path.read_text("utf-8"))["functions"]
    return {name: _wired(name, entry) for name, entry in table.items()}


def load_function(name: str) -> Function[Any]:
    """Import a function's app. Its settings are read later, by `start`."""
    app: Function[Any] = import_module(f"functions.{name}.app").app
    return app


def _project() -> Path:
    """Where the functions are, whatever folder the process was started in. Raises ModuleNotFoundError."""
    found = find_spec("functions")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("no package `functions`: the project is not installed here")
    return Path(found.origin).parents[1]


def _wired(name: str, entry: dict[str, Any]) -> Wired:
    return Wired(
        name=name,
        triggers=tuple(Trigger(item["prefix"], item["suffix"]) for item in entry["objects"]),
        schedules=tuple(Schedule(item["name"], item["minutes"]) for item in entry["schedules"]),
        http=tuple(entry["http"]),
        timeout_s=entry["timeout_s"],
        memory_mb=entry["memory_mb"],
        concurrency=entry["concurrency"],
        layers=tuple(entry["layers"]),
        environment=tuple(entry["environment"]),
        reads=tuple(entry["reads"]),
        writes=tuple(entry["writes"]),
        deletes=tuple(entry["deletes"]),
    )
