"""The console as one function, which each file of routes adds its own to.

A page for people has `auth=None`: the door checks its session, because a person without one is shown the way in and
not a problem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.console.settings import Settings

app: Function[Settings] = Function("console", "functions.console.settings:Settings")
