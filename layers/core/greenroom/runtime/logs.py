"""Structured logs: one JSON line each, with function, interview and event ids bound to the context."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import structlog
from structlog.typing import FilteringBoundLogger

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(stream: Any = None, level: int = logging.INFO) -> None:
    """Send structlog and the standard library's logging as JSON lines to `stream` (stderr)."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logger(function: str) -> FilteringBoundLogger:
    return cast("FilteringBoundLogger", structlog.get_logger(function).bind(function=function))


@contextmanager
def bound(**values: str) -> Iterator[None]:
    """Add `values` to every line logged inside; the interview is read from a `key` where it names one."""
    values = {name: value for name, value in values.items() if value}
    parts = values.get("key", "").split("/")
    if len(parts) > 1 and parts[1].startswith("itv_"):
        values["interview"] = parts[1]
    with structlog.contextvars.bound_contextvars(**values):
        yield
