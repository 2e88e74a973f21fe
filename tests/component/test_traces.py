"""Traces: one from the end of an upload to the webhook, told to a collector over OTLP; and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from functions.chunk_assembly.app import app as chunk_assembly
from functions.quality_check.app import app as quality_check
from functions.status_sync.app import app as status_sync
from functions.status_sync.delivery import sender
from functions.upload_url.app import app as upload_url
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.clock import now_utc
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from greenroom.runtime.tracing import _tracer
from tests.attempt_fixtures import cut, upload
from tests.function_client import FunctionClient
from tests.media_fixtures import MediaWorkshop
from tests.pipeline_fixtures import ALL_CONSENTS
from tests.seeded import api_key, candidate_token, invite, set_up
from tests.webhook_receiver import WebhookReceiver

STAGES = (upload_url, chunk_assembly, quality_check, status_sync)


class Collector:
    """Takes OTLP over HTTP, as the company's collector does. `slow` makes it keep its answer to itself."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.slow = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = ExportTraceServiceRequest()
                asked.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                collector.slow.wait(20 if collector.slow.is_set() else 0)
                for resource in asked.resource_spans:
                    names = {
                        one.key: one.value.string_value for one in resource.resource.attributes
                    }
                    for scope in resource.scope_spans:
                        collector.spans += [(names["service.name"], span) for span in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def traced(platform: None, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GREENROOM_TRACES__ENDPOINT", collector.url)
    monkeypatch.setenv("GREENROOM_WEBHOOKS__ALLOW", '["127.0.0.1"]')
    sender.cache_clear()
    for function in STAGES:
        set_up(function, now_utc)  # one clock: who registers sees nothing from before
    return collector.url


def sent(url: str) -> None:
    """What the functions have not sent yet."""
    for function in STAGES:
        _tracer(function.app_name, url).span_processor.force_flush()  # type: ignore[attr-defined]


def uploaded(
    database: Database, store: ObjectStore, clip: Path
) -> tuple[str, AttemptRef, Manifest]:
    (interview,) = invite(database)
    with database.begin() as tx:
        tx.interviews.give_consents(interview, ALL_CONSENTS)
        tx.interviews.move(interview, InterviewState.OPENED)
        tx.interviews.move(interview, InterviewState.IN_PROGRESS)
        row = tx.interviews.start_attempt(interview, "coordination")
    ref = AttemptRef(interview, "coordination", row.attempt)
    manifest = Manifest(
        tracks=[upload(store, [cut(clip.read_bytes(), 3)], track="camera", ref=ref)]
    )
    return interview, ref, manifest


def completed(interview: str, ref: AttemptRef, manifest: Manifest) -> None:
    client = FunctionClient(upload_url, authorization=f"Bearer {candidate_token(interview)}")
    path = f"/v1/candidate/answers/{ref.answer}/attempts/{ref.attempt}/complete"
    assert client.post(path, manifest.model_dump(mode="json")).status == 202


def test_one_trace_from_the_upload_to_the_webhook(
    traced: str,
    collector: Collector,
    database: Database,
    store: ObjectStore,
    tmp_path: Path,
) -> None:
    clip = MediaWorkshop(tmp_path).webm()
    interview, ref, manifest = uploaded(database, store, clip)
    with WebhookReceiver() as receiver:
        hr = FunctionClient(
            status_sync, authorization=f"Bearer {api_key(database, 'webhooks:write')}"
        )
        wanted = {"url": receiver.url, "secret": receiver.secret}
        assert hr.post("/v1/webhook-endpoints", wanted).status == 201
        completed(interview, ref, manifest)
        for _ in range(2):  # a worker that was killed: the queue says it again
            assert FunctionClient(chunk_assembly).objects(ref.manifest) == []
        assert FunctionClient(quality_check).objects(ref.assembly) == []
        events = [found.key for found in store.listing(f"events/{interview}/")]
        assert FunctionClient(status_sync).objects(*events) == []
        sent(traced)
        headers = {one.event["type"]: one.headers for one in receiver.received}
    trace = {span.trace_id: span for name, span in collector.spans if "complete" in span.name}
    assert len(trace) == 1
    (trace_id,) = trace
    mine = [(name, span) for name, span in collector.spans if span.trace_id == trace_id]
    assert {name for name, _ in mine} == {
        f"greenroom-{stage}"
        for stage in ("upload_url", "chunk_assembly", "quality_check", "status_sync")
    }
    known = {span.span_id for _, span in mine}
    (root,) = [span for _, span in mine if not span.parent_span_id]
    assert root.name.endswith("/complete")
    assert all(span.parent_span_id in known for _, span in mine if span is not root)
    assert len([span for name, span in mine if name == "greenroom-chunk_assembly"]) == 2
    told = {
        kind: got["traceparent"].split("-")[1]
        for kind, got in headers.items()
        if "traceparent" in got
    }
    for kind in (
        "answer.sealed",
        "answer.assembled",
        "answer.re_record",
    ):  # four seconds are too short
        assert told[kind] == trace_id.hex(), kind


def test_an_answer_of_500_is_a_span_that_failed(
    traced: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FunctionClient(status_sync, authorization="Bearer gr_nobody_nothing")
    assert client.get("/v1/metrics").status == 401
    monkeypatch.setattr(status_sync, "database", Database("sqlite:////no/such/folder/x.sqlite"))
    assert client.get("/v1/metrics").status == 503
    sent(traced)
    refused, failed = [span for _, span in collector.spans if span.name.endswith("/v1/metrics")]
    assert refused.status.code == Status.STATUS_CODE_UNSET
    assert failed.status.code == Status.STATUS_CODE_ERROR
    told = [{one.key: one.value.int_value for one in span.attributes} for span in (refused, failed)]
    assert [one["http.response.status_code"] for one in told] == [401, 503]


def test_a_collector_that_does_not_answer_costs_nothing(
    traced: str,
    collector: Collector,
    database: Database,
    store: ObjectStore,
    tmp_path: Path,
) -> None:
    clip = MediaWorkshop(tmp_path).webm()
    interview, ref, manifest = uploaded(database, store, clip)
    collector.close()
    completed(interview, ref, manifest)
    assert FunctionClient(chunk_assembly).objects(ref.manifest) == []
    assert store.head(ref.assembly) is not None


def test_without_a_collector_nothing_is_carried(
    platform: None, database: Database, store: ObjectStore, tmp_path: Path
) -> None:
    for function in STAGES:
        set_up(function, now_utc)
    clip = MediaWorkshop(tmp_path).webm()
    interview, ref, manifest = uploaded(database, store, clip)
    completed(interview, ref, manifest)
    assert store.metadata(ref.manifest) == {}
    assert store.metadata("no/such/object") == {}
