"""Every setting of every function stands in docs/settings.md, and nothing else does."""

import re
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from greenroom.runtime.settings import PREFIX


def variables(model: type[BaseModel], prefix: str) -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= variables(inner, f"{prefix}{name.upper()}__")
        else:
            found.add(f"{prefix}{name.upper()}")
    return found


def test_documented_and_real_settings_are_the_same() -> None:
    real = set()
    for path in Path("functions").glob("*/settings.py"):
        module = import_module(f"functions.{path.parent.name}.settings")
        real |= variables(module.Settings, PREFIX)
    documented = set(
        re.findall(r"^\| `(GREENROOM_[A-Z_]+)`", Path("docs/settings.md").read_text(), re.M)
    )
    assert documented == real
