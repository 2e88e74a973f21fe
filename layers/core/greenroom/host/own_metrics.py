"""What a running process uses of its machine, for Prometheus: CPU, memory, open files, when it began."""

from __future__ import annotations

METRICS = "/-/metrics"


def own_metrics() -> str:
    """Prometheus' text format: ``process_*`` and ``python_info``. Off Linux there is no ``process_*``."""
    from prometheus_client import (
        CollectorRegistry,
        PlatformCollector,
        ProcessCollector,
        generate_latest,
    )

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return generate_latest(registry).decode()
