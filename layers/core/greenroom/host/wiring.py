"""The wiring table (infra/terraform/functions.json), and the functions that it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenroom.runtime.function import Function

TABLE = Path("infra/terraform/functions.json")
"""Where the table lies, from the project's root."""


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
    """One function of the table. Its queue bears its name; `http` are the path prefixes it answers."""

    name: str
    triggers: tuple[Trigger, ...]
    schedules: tuple[Schedule, ...]
    http: tuple[str, ...]
    timeout_s: int

    @property
    def has_queue(self) -> bool:
        return bool(self.triggers or self.schedules)


def read_wiring(path: Path = TABLE) -> dict[str, Wired]:
    """All functions by name, in the table's order."""
    table = json.loads(path.read_text("utf-8"))["functions"]
    return {name: _wired(name, entry) for name, entry in table.items()}


def load_function(name: str) -> Function[Any]:
    """Import a function's app. Its settings are read later, by `start`."""
    app: Function[Any] = import_module(f"functions.{name}.app").app
    return app


def _wired(name: str, entry: dict[str, Any]) -> Wired:
    return Wired(
        name=name,
        triggers=tuple(Trigger(item["prefix"], item["suffix"]) for item in entry["objects"]),
        schedules=tuple(Schedule(item["name"], item["minutes"]) for item in entry["schedules"]),
        http=tuple(entry["http"]),
        timeout_s=entry["timeout_s"],
    )
