"""Every setting of every function and layer stands in docs/settings.md, and nothing else does."""

import re
from importlib import import_module
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel

from greenroom.host import amqp_worker
from greenroom.runtime.settings import PREFIX


def variables(model: type[BaseModel], prefix: str) -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        choices: tuple[object, ...] = (field.annotation, *get_args(field.annotation))
        if get_origin(field.annotation) is dict:
            choices = ()  # one variable, whatever its JSON holds
        parts = [one for one in choices if isinstance(one, type) and issubclass(one, BaseModel)]
        for part in parts:
            found |= variables(part, f"{prefix}{name.upper()}__")
        if not parts:
            found.add(f"{prefix}{name.upper()}")
    return found


def test_documented_and_real_settings_are_the_same() -> None:
    real = set()
    for path in Path("functions").glob("*/settings.py"):
        module = import_module(f"functions.{path.parent.name}.settings")
        real |= variables(module.Settings, PREFIX)
    for path in Path("layers").glob("*/greenroom_*/settings.py"):
        module = import_module(f"{path.parent.name}.settings")
        real |= variables(module.Settings, PREFIX)
    real |= variables(amqp_worker.Settings, PREFIX)
    documented = set(
        re.findall(r"^\| `(GREENROOM_[A-Z_]+)`", Path("docs/settings.md").read_text(), re.M)
    )
    assert documented == real
