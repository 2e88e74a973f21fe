"""Traces across stages (OpenTelemetry): a span for each thing that a function handles, sent to the company's collector.

What a handler writes carries its trace in the object's metadata, and the handler that the object calls goes on with it:
one trace from the end of an upload to the webhook, however often somebody on the way was killed. Spans are sent from a
thread of their own, at most 2,048 wait, and what a collector does not take is dropped: nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from greenroom.runtime.logs import bound

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from greenroom.runtime.settings import TraceSettings

Answered = Callable[[int], None]
SEND_EVERY_MS = 1000
TIMEOUT_S = 5
"""Of one request to the collector."""


@contextmanager
def span(
    function: str,
    settings: TraceSettings,
    name: str,
    carrier: Mapping[str, str],
    attributes: Mapping[str, str],
) -> Iterator[Answered]:
    """What happens inside, as a span of the trace in `carrier`, or of a new one. Log lines name the trace.

    An error goes through, and stands in the span. What is yielded takes the status of an HTTP answer: from 500 on the
    span has failed, as OpenTelemetry's conventions for HTTP servers say.
    https://opentelemetry.io/docs/specs/semconv/http/http-spans/
    """
    from opentelemetry.trace import StatusCode, format_trace_id
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract(carrier)
    tracer = _tracer(function, settings.endpoint)
    with (
        tracer.start_as_current_span(name, context=parent, attributes=dict(attributes)) as current,
        bound(trace_id=format_trace_id(current.get_span_context().trace_id)),
    ):

        def answered(status: int) -> None:
            current.set_attribute("http.response.status_code", status)
            if status >= 500:
                current.set_status(StatusCode.ERROR)

        yield answered


@cache
def _tracer(function: str, endpoint: str) -> Tracer:
    """One per process and function; what waits is sent when the process ends."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource({"service.name": f"greenroom-{function}", "service.namespace": "greenroom"})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_MS))
    return provider.get_tracer("greenroom")
