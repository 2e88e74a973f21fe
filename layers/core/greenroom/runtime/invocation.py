"""What a FaaS hands to a function's one entry, told apart: a queue's records, a tick of the schedule, a request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

TICK_SOURCE = "greenroom.schedule"

_PARAMETER = re.compile(r"\{[a-z_]+\}")


def is_records(event: dict[str, Any]) -> bool:
    """Whether a queue's event source mapping sent it."""
    return "Records" in event


def is_tick(event: dict[str, Any]) -> bool:
    """Whether the schedule sent it, with the schedule's name in ``detail.name``."""
    return event.get("source") == TICK_SOURCE


def scheduled_event(tick: dict[str, Any], event_id: str) -> dict[str, Any]:
    """A tick as EventBridge delivers it."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": tick.get("time", ""),
        "region": "local",
        "resources": [],
        "detail": tick["detail"],
    }


def routed(event: dict[str, Any], routes: Iterable[str]) -> dict[str, Any]:
    """A proxied request with the route and parameters that its path names among `routes`.

    A gateway knows path prefixes only (the wiring table's `http`); Chalice looks for its own route. Where two routes
    fit, the one with fewer parameters is meant. A path that none fits is left as it came: Chalice refuses it.
    """
    context = event.get("requestContext") or {}
    path = str(event.get("path") or context.get("path") or "")
    for route in sorted(routes, key=lambda route: (route.count("{"), route)):
        found = _pattern(route).fullmatch(path)
        if found is not None:
            return {
                **event,
                "pathParameters": found.groupdict() or None,
                "requestContext": {**context, "resourcePath": route, "path": path},
            }
    return event


def _pattern(route: str) -> re.Pattern[str]:
    pieces = _PARAMETER.split(route)
    names = [parameter[1:-1] for parameter in _PARAMETER.findall(route)]
    pattern = re.escape(pieces[0])
    for name, piece in zip(names, pieces[1:], strict=True):
        pattern += f"(?P<{name}>[^/]+)" + re.escape(piece)
    return re.compile(pattern)
