"""A replica is ready when the databases of its functions answer; it is healthy before that."""

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from greenroom.adapters.database import Database
from greenroom.host.http import create_app
from greenroom.runtime.function import Function, Request, Response


def function_with(url: str) -> Function[Any]:
    app: Function[Any] = Function("small", "tests.no_settings:NoSettings")
    app.database = Database(url)

    @app.get("/v1/things", auth=None)
    def things(request: Request) -> Response:
        return Response.empty()

    return app


def test_ready_with_a_database_that_answers(tmp_path: Path) -> None:
    with TestClient(create_app([function_with(f"sqlite:///{tmp_path / 'x.sqlite'}")])) as client:
        assert client.get("/-/ready").status_code == 204


def test_it_says_what_it_uses(tmp_path: Path) -> None:
    with TestClient(create_app([function_with(f"sqlite:///{tmp_path / 'x.sqlite'}")])) as client:
        answer = client.get("/-/metrics")
    assert "version=0.0.4" in answer.headers["Content-Type"]
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    [memory] = found["process_resident_memory_bytes"].samples
    assert 10e6 < memory.value < 10e9
    assert found["process_cpu_seconds"].samples


def test_not_ready_and_still_healthy_without_its_database(tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no folder' / 'x.sqlite'}"
    with TestClient(create_app([function_with(nowhere)])) as client:
        answer = client.get("/-/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert client.get("/-/health").status_code == 200
