"""The settings of a test's own function, which needs none."""

from __future__ import annotations

from typing import Self


class NoSettings:
    @classmethod
    def load(cls) -> Self:
        return cls()
