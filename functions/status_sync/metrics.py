"""The company's Prometheus asks how every stage stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from greenroom.runtime.http import Response
from greenroom.runtime.metrics import MEDIA_TYPE, exposition, stage_metrics
from greenroom.runtime.process_metrics import process_metrics

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.runtime.function import Function


def read_metrics(app: Function[Settings]) -> Response:
    """Raises `Unavailable` when the database does not answer: to Prometheus the target is down."""
    told = exposition(partial(stage_metrics, app.database), partial(process_metrics, app.database))
    return Response(200, told, {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})
