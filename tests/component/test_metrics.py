"""GET /v1/metrics and `greenroom metrics`, read with Prometheus' own parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from functions.status_sync.app import app as status_sync
from greenroom.adapters.database import Database
from greenroom.adapters.database.backlog import STAGES
from greenroom_cli.main import app as command_line
from greenroom_local.queue import Queue
from tests.function_client import FunctionClient
from tests.seeded import BATCH, api_key, invite, set_up

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_stage(found: Samples, name: str, stage: str) -> float:
    return found[name, frozenset({("stage", stage)})]


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(status_sync)
    key = api_key(database, "metrics:read")
    return FunctionClient(status_sync, authorization=f"Bearer {key}")


def test_prometheus_reads_how_every_stage_stands(
    client: FunctionClient, database: Database
) -> None:
    invite(database, ("李明", "王芳"))
    answer = client.get("/v1/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    for stage in STAGES:
        assert of_stage(found, "greenroom_stage_waiting", stage) >= 0
        assert of_stage(found, "greenroom_stage_oldest_waiting_seconds", stage) >= 0
    assert of_stage(found, "greenroom_stage_waiting", "invitation") == 1


def test_a_running_batch_shows_its_funnel(client: FunctionClient, database: Database) -> None:
    invite(database, ("李明", "王芳"))
    found = samples(client.get("/v1/metrics").text)

    def reached(step: str) -> float:
        labels = frozenset({("batch", BATCH), ("step", step)})
        return found["greenroom_batch_interviews_reached", labels]

    assert (reached("invited"), reached("submitted")) == (2, 0)
    recorded = frozenset({("batch", BATCH), ("outcome", "recorded")})
    assert found["greenroom_batch_recordings", recorded] == 0
    assert not any(name == "greenroom_batch_invitation_seconds" for name, _ in found)


def test_no_label_names_a_person_or_an_interview(
    client: FunctionClient, database: Database
) -> None:
    [interview] = invite(database)
    text = client.get("/v1/metrics").text
    for secret in (interview, "李明", "example.com"):
        assert secret not in text


def test_another_scope_does_not_open_it(platform: None, database: Database) -> None:
    set_up(status_sync)
    key = api_key(database, "webhooks:write")
    refused = FunctionClient(status_sync, authorization=f"Bearer {key}").get("/v1/metrics")
    assert refused.status == 403


def test_the_command_prints_the_same_and_the_folders_queues(
    client: FunctionClient, database: Database, tmp_path: Path
) -> None:
    queues = Queue(tmp_path / "store", max_receives=1)
    queues.send("analysis", "one")
    [message] = queues.receive("analysis", "w", 30)
    queues.release(message.receipt, error="no")
    queues.send("analysis", "another")
    printed = CliRunner().invoke(command_line, ["metrics", "--data", str(tmp_path)])
    assert printed.exit_code == 0, printed.output
    found = samples(printed.stdout)
    assert set(samples(client.get("/v1/metrics").text)) <= set(found)
    assert found["greenroom_queue_dead_letters", frozenset({("queue", "analysis")})] == 1
    visible = frozenset({("queue", "analysis"), ("state", "visible")})
    assert found["greenroom_queue_messages", visible] == 1
