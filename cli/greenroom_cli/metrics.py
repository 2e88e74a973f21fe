"""`greenroom metrics`: how every stage stands, as Prometheus reads it."""

from __future__ import annotations

from functools import partial

import typer

from greenroom_cli.database import Data, opened


def metrics(data: Data = None) -> None:
    """Print what GET /v1/metrics answers; with --data the folder's queues too."""
    from greenroom.runtime.metrics import exposition, stage_metrics
    from greenroom.runtime.process_metrics import process_metrics
    from greenroom_local.queue import Queue
    from greenroom_local.queue_metrics import queue_metrics

    with opened(data) as database:
        families = [partial(stage_metrics, database), partial(process_metrics, database)]
        if data is not None:
            families.append(partial(queue_metrics, Queue(data / "store")))
        typer.echo(exposition(*families), nl=False)
