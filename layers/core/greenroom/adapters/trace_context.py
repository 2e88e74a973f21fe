"""The trace that this process is at work on, as W3C Trace Context writes it: for objects' metadata and for headers."""

from __future__ import annotations

import sys


def outgoing() -> dict[str, str]:
    """``{"traceparent": "00-…"}``, empty where nothing is traced. Imports nothing that is not there already."""
    if "opentelemetry.sdk.trace" not in sys.modules:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {name: value for name, value in carrier.items() if name == "traceparent"}
